// The page around the conversation: its height, type size, whether the network is there, printing.

import { isLarge, setLarge } from "./store.js";

const NEAR = 120; // pixels
const root = document.documentElement;

export function setUpView() {
  followViewport();
  typeSize(document.getElementById("large"));
  networkNotice(document.getElementById("offline"));
  window.addEventListener("beforeprint", openSources);
  window.addEventListener("afterprint", closeSources);
  document.getElementById("print").addEventListener("click", () => window.print());
}

/** Whether the end of the conversation is in sight: then what comes is shown at once. */
export function atEnd() {
  const scroll = document.getElementById("scroll");
  return scroll.scrollTop + scroll.clientHeight >= scroll.scrollHeight - NEAR;
}

/** As high as what can be seen: a phone's keyboard then pushes the input up, not out of sight. */
function followViewport() {
  const viewport = window.visualViewport;
  if (!viewport) return;
  const fit = () => {
    // Someone who has zoomed in sees a part of the page on purpose.
    if (viewport.scale <= 1) root.style.setProperty("--height", `${viewport.height}px`);
  };
  viewport.addEventListener("resize", fit);
  fit();
}

function typeSize(button) {
  const show = (large) => {
    root.classList.toggle("large", large);
    button.setAttribute("aria-pressed", String(large));
  };
  show(isLarge());
  button.addEventListener("click", () => {
    setLarge(!isLarge());
    keepPlace(() => show(isLarge()));
  });
}

/** Change the layout so that what is being read stays on the screen. */
function keepPlace(change) {
  const scroll = document.getElementById("scroll");
  const end = scroll.scrollTop + scroll.clientHeight >= scroll.scrollHeight - 8;
  const read = document.elementFromPoint(innerWidth / 2, innerHeight / 3);
  change();
  if (end) scroll.scrollTop = scroll.scrollHeight;
  else read?.scrollIntoView({ block: "nearest" });
}

function networkNotice(notice) {
  const show = () => {
    notice.hidden = navigator.onLine;
  };
  window.addEventListener("online", show);
  window.addEventListener("offline", show);
  show();
}

const opened = []; // for the printer

/** On paper nothing can be unfolded. */
function openSources() {
  opened.push(...document.querySelectorAll("details:not([open])"));
  for (const folded of opened) folded.open = true;
}

function closeSources() {
  for (const folded of opened.splice(0)) folded.open = false;
}
