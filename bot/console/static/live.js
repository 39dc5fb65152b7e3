// Pages that stay up to date by themselves. The server says that something changed; the page then
// fetches itself again and takes over its live parts:
//   data-live="replace"  a part that is exchanged when it differs
//   data-live="append"   a list whose entries (by id) come and go, but never change
// What is being typed is outside of both, and kept for after a reload (data-keep).

import { askWaiting, showWaiting } from "./waiting.js";

const LOOK_EVERY_MS = 5_000; // while there is no stream
const TOGETHER_MS = 80; // changes that come so close are fetched at once

const served = new Map(); // each live part as the server gave it last

/**
 * Follow the stream at `path`; `after()` is called when the page has been brought up to date. Unless
 * `always`, a hidden page lets go of its stream: a browser has six to a server, for all its pages.
 */
export function follow(path, { after = () => {}, always = false } = {}) {
  const stale = document.getElementById("stale");
  const behind = (is) => {
    if (stale) stale.hidden = !is;
  };
  let source = null;
  let fetching = false;
  let again = false;
  let timer = null;

  const look = async () => {
    again = true;
    if (fetching) return;
    fetching = true;
    while (again) {
      again = false;
      try {
        merge(await fetched());
        after();
        behind(false);
      } catch {
        behind(true);
      }
    }
    fetching = false;
  };

  const connect = () => {
    source = new EventSource(path);
    source.addEventListener("changed", (event) => {
      showWaiting(JSON.parse(event.data));
      clearTimeout(timer);
      timer = setTimeout(look, TOGETHER_MS);
    });
    source.addEventListener("error", () => behind(true));
  };

  const resting = () => document.hidden && !always;

  // A refusal is shown at the address it was sent to, which nobody can open or load again.
  const self = document.querySelector("[data-self]")?.dataset.self;
  if (self && location.pathname !== self) history.replaceState(null, "", self);

  for (const part of document.querySelectorAll("[data-live]")) served.set(part.id, part.innerHTML);
  keepTyped();
  connect();
  setInterval(tick, 1_000);
  setInterval(() => {
    if (resting()) askWaiting();
    else if (source.readyState !== EventSource.OPEN) {
      look();
      // A browser that was refused does not try again by itself.
      if (source.readyState === EventSource.CLOSED) connect();
    }
  }, LOOK_EVERY_MS);
  document.addEventListener("visibilitychange", () => {
    if (resting()) source.close();
    else if (source.readyState === EventSource.CLOSED) connect();
  });
  return look;
}

/** The page at `path`, by default this one as it would be now. */
export function fetched(path = document.querySelector("[data-self]")?.dataset.self) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", path ?? location.href);
    request.responseType = "document"; // parsed, and nothing in it is run
    request.timeout = 10_000;
    request.setRequestHeader("x-anxin-background", "1");
    request.onload = () => {
      if (request.responseURL.includes("/console/login")) return reject(ended(request.responseURL));
      if (request.status === 200 && request.response) resolve(request.response);
      else reject(new Error(`status ${request.status}`));
    };
    request.onerror = request.ontimeout = () => reject(new Error("no answer"));
    request.send();
  });
}

/** Say that the log-in has ended. Nobody is taken away from what they are writing. */
function ended(address) {
  const told = document.getElementById("ended");
  told.querySelector("a").href = address;
  told.hidden = false;
  return new Error("log in first");
}

function merge(fresh) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const now = fresh.getElementById(part.id);
    if (!now) continue;
    for (const { name, value } of now.attributes) part.setAttribute(name, value);
    const html = now.innerHTML;
    if (served.get(part.id) === html) continue;
    served.set(part.id, html);
    if (part.dataset.live === "append") mergeList(part, now);
    else replace(part, now);
  }
}

function mergeList(part, now) {
  const there = new Set([...now.children].map((entry) => entry.id));
  for (const entry of [...part.children]) if (!there.has(entry.id)) entry.remove();
  for (const entry of now.children) {
    if (!document.getElementById(entry.id)) part.append(document.importNode(entry, true));
  }
}

function replace(part, now) {
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  const chosen = new Map();
  for (const field of part.querySelectorAll("select[id], input[id]")) {
    chosen.set(field.id, field.type === "checkbox" ? field.checked : field.value);
  }
  part.replaceChildren(...[...now.childNodes].map((node) => document.importNode(node, true)));
  for (const [id, value] of chosen) {
    const field = document.getElementById(id);
    if (field?.type === "checkbox") field.checked = value;
    else if (field) field.value = value;
  }
  if (focused) document.getElementById(focused)?.focus();
  tick();
}

/** The stopwatches: data-since counts up, data-until down. */
function tick() {
  for (const watch of document.querySelectorAll("[data-since], [data-until]")) {
    const { since, until } = watch.dataset;
    const ms = since ? Date.now() - Date.parse(since) : Date.parse(until) - Date.now();
    const text = clock(Math.max(0, Math.floor(ms / 1000)));
    if (watch.textContent !== text) watch.textContent = text;
  }
}

function clock(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** Keep what is typed into fields with data-keep until it has been sent. */
function keepTyped() {
  for (const field of document.querySelectorAll("[data-keep]")) {
    const kept = sessionStorage.getItem(field.dataset.keep);
    if (kept !== null) field.value = kept;
  }
  document.addEventListener("input", ({ target }) => {
    if (target.dataset.keep) keep(target);
  });
}

/** Keep what stands in `field` now; an empty one is forgotten. */
export function keep(field) {
  if (field.value) sessionStorage.setItem(field.dataset.keep, field.value);
  else sessionStorage.removeItem(field.dataset.keep);
}
