// The page around the conversation: its height, type size, whether the network is there, printing.

import { isLarge, setLarge } from "./store.js";

const root = document.documentElement;

export function setUpView() {
  followViewport();
  typeSize(document.getElementById("large"));
  networkNotice(document.getElementById("offline"));
  window.addEventListener("beforeprint", openSources);
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
  const atEnd = scroll.scrollTop + scroll.clientHeight >= scroll.scrollHeight - 8;
  const read = document.elementFromPoint(innerWidth / 2, innerHeight / 3);
  change();
  if (atEnd) scroll.scrollTop = scroll.scrollHeight;
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

/** On paper nothing can be unfolded. */
function openSources() {
  for (const folded of document.querySelectorAll("details")) folded.open = true;
}
