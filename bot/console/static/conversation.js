// One conversation: what comes in appears by itself; the reply box, canned answers, the bot's draft.

import { csrf } from "./console.js";
import { fetched, follow, keep } from "./live.js";

const desk = document.querySelector("[data-stream]");
const talk = document.getElementById("talk");
const newer = document.getElementById("newer");
const trouble = document.getElementById("trouble");
const say = document.getElementById("say");
const words = document.getElementById("words");
const fromDraft = document.getElementById("from-draft");

// --- the talk ---

let turns = document.getElementById("turns").childElementCount;

const atEnd = () => talk.scrollHeight - talk.scrollTop - talk.clientHeight < 80;
const toEnd = () => {
  talk.scrollTop = talk.scrollHeight;
  newer.hidden = true;
};

let wasAtEnd = true;
talk.addEventListener("scroll", () => {
  wasAtEnd = atEnd();
  if (wasAtEnd) newer.hidden = true;
});
newer.addEventListener("click", toEnd);

const look = follow(desk.dataset.stream, {
  after() {
    const theirs = document.getElementById("head").dataset.mine !== "true";
    say.hidden = document.getElementById("ready").hidden = theirs;
    if (finder.value) filter();
    const now = document.getElementById("turns").childElementCount;
    if (now !== turns && wasAtEnd) toEnd();
    else if (now > turns) newer.hidden = false;
    turns = now;
    showDraft();
  },
});
toEnd();
if (!say.hidden && document.activeElement === document.body) words.focus();

// --- what the bot would answer ---

let draftFor = "";

async function showDraft() {
  const place = document.getElementById("draft");
  const { turn, path } = place.dataset;
  if (turn === draftFor) return;
  draftFor = turn;
  let parts = [];
  try {
    if (turn) parts = [...(await fetched(`${path}?turn=${turn}`)).body.children];
  } catch {
    if (draftFor === turn) draftFor = ""; // the next look asks again
  }
  if (draftFor === turn) place.replaceChildren(...parts);
}

showDraft();

// --- saying something ---

/** Send a form; true when the server took it. What is wrong stands above the reply box. */
async function send(form) {
  trouble.hidden = true;
  let response;
  try {
    response = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { accept: "application/json", "x-csrf-token": csrf() },
      signal: AbortSignal.timeout(20_000),
    });
  } catch {
    return refuse(desk.dataset.lost);
  }
  if (response.status === 401) {
    location.assign(`/console/login?next=${encodeURIComponent(desk.dataset.self)}`);
    return false;
  }
  if (response.ok) return response;
  const told = await response.json().catch(() => ({}));
  return refuse(told.detail ?? desk.dataset.lost);
}

function refuse(text) {
  trouble.textContent = text;
  trouble.hidden = false;
  return false;
}

const key = say.elements.key;
const draft = say.elements.draft;
let sending = false;

say.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (sending || !words.value.trim()) return;
  sending = true;
  // The same words sent again, because the answer was lost, keep their key: they are said once.
  if (!key.value) key.value = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`.replace(".", "");
  const sent = words.value;
  const done = await send(say);
  sending = false;
  if (!done) return;
  key.value = "";
  useDraft(null);
  if (words.value === sent) words.value = "";
  keep(words);
  wasAtEnd = true;
  look();
  words.focus();
});

words.addEventListener("input", () => {
  key.value = ""; // other words are another message
  if (!words.value.trim()) useDraft(null);
});

words.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.ctrlKey && !event.isComposing) {
    event.preventDefault();
    say.requestSubmit();
  }
});

/** Put words where they can still be changed; the first blank is chosen, to be filled in. */
function put(text, { instead }) {
  const before = instead || !words.value.trim() ? "" : `${words.value.trimEnd()}\n`;
  words.value = before + text;
  key.value = "";
  keep(words);
  words.focus();
  const blank = words.value.indexOf("＿＿");
  if (blank >= 0) words.setSelectionRange(blank, blank + 2);
}

function useDraft(turn) {
  draft.value = turn ?? "";
  draft.disabled = turn === null;
  fromDraft.hidden = turn === null;
}

document.getElementById("draft").addEventListener("click", ({ target }) => {
  const button = target.closest("#use-draft");
  if (!button) return;
  put(button.dataset.text, { instead: true });
  useDraft(button.dataset.turn);
});

// --- canned answers ---

const finder = document.getElementById("find-canned");
const canned = document.getElementById("canned");

// What is filled in (a region, a subject) changes with the talk, and so do the entries.
const entries = () => [...canned.children];
const shownEntries = () => entries().filter((entry) => !entry.hidden);

function choose(entry) {
  for (const one of entries()) one.setAttribute("aria-selected", String(one === entry));
  if (entry) finder.setAttribute("aria-activedescendant", entry.id);
  else finder.removeAttribute("aria-activedescendant");
  entry?.scrollIntoView({ block: "nearest" });
}

function take(entry) {
  put(entry.dataset.text, { instead: false });
  finder.value = "";
  filter();
}

function filter() {
  const wanted = finder.value.trim();
  for (const entry of entries()) entry.hidden = !entry.textContent.includes(wanted);
  choose(wanted ? shownEntries()[0] : null);
}

finder.addEventListener("input", filter);
finder.addEventListener("keydown", (event) => {
  const there = shownEntries();
  const at = there.findIndex((entry) => entry.getAttribute("aria-selected") === "true");
  if (event.isComposing || there.length === 0) return;
  if (event.key === "ArrowDown") choose(there[(at + 1) % there.length]);
  else if (event.key === "ArrowUp") choose(there[(at - 1 + there.length) % there.length]);
  else if (event.key === "Enter") take(there[Math.max(0, at)]);
  else return;
  event.preventDefault();
});
canned.addEventListener("click", ({ target }) => {
  const entry = target.closest("[role=option]");
  if (entry) take(entry);
});

document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.ctrlKey || event.metaKey) return;
  const target = { KeyC: finder, KeyD: document.getElementById("use-draft") }[event.code];
  if (!target || say.hidden) return;
  event.preventDefault();
  if (target === finder) finder.focus();
  else target.click();
});

// --- notes and the contact ---

const note = document.getElementById("add-note");
let noting = false;
note.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (noting) return;
  noting = true;
  const done = await send(note);
  noting = false;
  if (!done) return;
  note.elements.text.value = "";
  keep(note.elements.text);
  look();
});

document.getElementById("acts").addEventListener("click", async ({ target }) => {
  const button = target.closest("#contact");
  if (!button) return;
  const form = document.createElement("form");
  form.action = button.dataset.path;
  const response = await send(form);
  if (!response) return;
  const shown = document.getElementById("contact-shown");
  shown.textContent = (await response.json()).contact;
  shown.hidden = false;
});
