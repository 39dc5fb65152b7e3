// The conversation: sending, waiting, answers, what failed, what staff say, and taking it all up
// again after a reload.

import { answerElement } from "./answer.js";
import { ask, history, reachable, Refusal } from "./api.js";
import { fill, words } from "./dom.js";
import { follow } from "./live.js";
import { drawn, packed } from "./photo.js";
import { ratable, rating } from "./rating.js";
import * as store from "./store.js";
import { atEnd, setUpView } from "./view.js";

const log = document.getElementById("log");
const welcome = document.getElementById("welcome");
const form = document.getElementById("form");
const input = document.getElementById("text");
const photo = document.getElementById("photo");
const full = document.getElementById("full");
const state = document.getElementById("state");
const confirmRestart = document.getElementById("confirm");

let conversation = store.conversation();
let queue = Promise.resolve(); // messages go out one after the other, in the order written
let seen = 0; // `seq` of the last turn the server has told of
let unfollow = null;
const turns = new Map(); // message id → its turn on the page
const answered = new Set(); // ids of the messages whose answers stand on the page
const unsent = new Map(); // message id → sends it once more

// Milliseconds until the page first looks whether the server is back, and at most between looks.
const FIRST_LOOK = 5_000;
const LAST_LOOK = 60_000;
let pause = FIRST_LOOK;
let looking = null;

const TWICE = 700; // milliseconds: the same again that soon is a double tap, meant once
let tapped = { text: "", at: -TWICE };

/** A new turn at the end; `question` is null where nobody asked. */
function addTurn(id, question, at = new Date()) {
  welcome.hidden = true;
  const turn = fill("turn", { question: question ?? "" });
  const when = turn.querySelector("time");
  when.dateTime = at.toISOString();
  when.textContent = at.toLocaleString("zh-CN", { dateStyle: "long", timeStyle: "short" });
  if (question === null) turn.querySelector(".asked").remove();
  log.append(turn);
  turns.set(id, turn);
  return turn;
}

function show(turn, ...content) {
  turn.querySelector(".reply").replaceChildren(...content);
}

function bringUp(turn) {
  turn.scrollIntoView({ block: "start" });
}

/** Send what stands on a button. */
function tap(text) {
  const now = performance.now();
  if (text === tapped.text && now - tapped.at < TWICE) return;
  tapped = { text, at: now };
  send(text);
}

function send(text) {
  const message = { id: store.token(), text };
  store.addPending(message);
  deliver(message, addTurn(message.id, text));
}

/** Send a picture, with what has been typed. It is not kept for after a reload: it is personal. */
async function sendPhoto(file) {
  const text = input.value.trim();
  let canvas;
  try {
    canvas = await drawn(file);
  } catch {
    const turn = addTurn(store.token(), file.name);
    show(turn, fill("no-picture"));
    bringUp(turn);
    return;
  }
  input.value = "";
  fitInput();
  const message = { id: store.token(), text, images: [packed(canvas)] };
  const turn = addTurn(message.id, text);
  canvas.className = "thumbnail";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", words("picture-name"));
  turn.querySelector(".asked").prepend(canvas);
  deliver(message, turn);
}

/** Whoever goes through the choices by keyboard is led on to the next ones, or to the answer. */
function leadOn(chosen, turn) {
  if (!chosen || document.activeElement !== chosen) return;
  const next = turn.querySelector(".choice") ?? turn.querySelector(".answer");
  next?.focus({ preventScroll: true });
}

/** Get the answer of a message into its turn. May be done again: its id keeps it one message. */
function deliver(message, turn) {
  unsent.delete(message.id);
  show(turn, fill("waiting"));
  bringUp(turn);
  const asked = conversation;
  const chosen = document.activeElement?.closest(".choice");
  queue = queue.then(async () => {
    if (asked !== conversation) return;
    try {
      const answer = await ask(asked, message);
      if (asked !== conversation) return;
      settle(turn, { speaker: "user", text: message.text, answer, useful: null });
      leadOn(chosen, turn);
      bringUp(turn);
      startFollowing();
    } catch (error) {
      if (asked === conversation && !answered.has(message.id)) showFailure(message, turn, error);
    }
  });
}

/** Put what came for a turn into it, and take its message for answered. */
function settle(turn, { speaker, text, answer, useful }) {
  answered.add(answer.id);
  unsent.delete(answer.id);
  if (unsent.size === 0) pause = FIRST_LOOK;
  store.removePending(answer.id);
  if (answer.status === "failed" && answer.choices.length === 0) {
    showTrouble(turn, text);
  } else if (answer.blocks.length === 0) {
    show(turn, fill("delivered")); // a member of staff has the conversation
  } else {
    const content = [answerElement(answer, tap)];
    if (speaker === "staff") content.unshift(fill("from-staff"));
    else if (ratable(answer)) content.push(rating(conversation, answer.id, useful));
    show(turn, ...content);
  }
}

/** The server answered that it could not answer: asking again is a new message. */
function showTrouble(turn, text) {
  const trouble = fill("trouble");
  trouble.querySelector(".again").addEventListener("click", () => {
    turn.remove();
    send(text);
    input.focus();
  });
  show(turn, trouble);
}

function showFailure(message, turn, error) {
  showUnanswered(message, turn, error);
  turn.scrollIntoView({ block: "nearest" }); // with the button that sends it again
}

function showUnanswered(message, turn, error) {
  if (error instanceof Refusal && error.status < 500 && error.status !== 429) {
    store.removePending(message.id);
    show(turn, fill("refused"));
    return;
  }
  const again = () => deliver(message, turn);
  unsent.set(message.id, again);
  lookForServer();
  const notice = fill("unsent");
  notice.querySelector(".again").addEventListener("click", () => {
    again();
    input.focus();
  });
  show(turn, notice);
}

function sendUnsent() {
  for (const again of [...unsent.values()]) again();
}

/** A server that was away gives no sign when it is back: look for it, ever more seldom. */
function lookForServer() {
  looking ??= setTimeout(async () => {
    looking = null;
    pause = unsent.size === 0 ? FIRST_LOOK : Math.min(2 * pause, LAST_LOOK);
    if (unsent.size === 0) return;
    if (await reachable()) sendUnsent();
    else lookForServer();
  }, pause);
}

/** What happened in the conversation: turns not on the page yet, and where staff are. */
function take(news) {
  const followed = atEnd();
  let last = null;
  for (const past of news.turns) {
    seen = Math.max(seen, past.seq);
    if (answered.has(past.answer.id)) continue;
    const question = past.speaker === "user" ? past.text : null;
    const turn = turns.get(past.answer.id);
    last = turn ?? addTurn(past.answer.id, question, new Date(past.asked_at));
    settle(last, past);
  }
  showState(news.staff);
  if (last && followed) bringUp(last);
}

/** Whether a member of staff is waited for, or there. */
function showState(staff) {
  state.hidden = staff.state === "none";
  if (state.hidden) return;
  const count = { count: String(staff.before ?? 0) };
  const line = fill(staff.before === 0 ? "state-next" : `state-${staff.state}`, count);
  if (line.textContent === state.textContent) return; // or it would be read out time and again
  line.querySelector("button")?.addEventListener("click", (event) => {
    tap(event.currentTarget.dataset.send);
  });
  state.replaceChildren(line);
}

function startFollowing() {
  unfollow ??= follow(conversation, () => seen, take);
}

/** Show the turns so far, and what was written but never answered. */
async function resume() {
  const asked = conversation;
  const left = store.pending();
  let error = null;
  let past = null;
  try {
    past = await history(asked, 0);
  } catch (failure) {
    error = failure;
  }
  if (asked !== conversation) return;
  const written = [...log.children]; // by someone quicker than the network
  if (past) take(past);
  for (const message of left) {
    if (turns.has(message.id)) continue;
    showFailure(message, addTurn(message.id, message.text), error);
  }
  log.append(...written);
  log.lastElementChild?.scrollIntoView({ block: "start" });
  if (turns.size > 0) startFollowing();
}

function restart() {
  unfollow?.();
  unfollow = null;
  conversation = store.newConversation();
  queue = Promise.resolve();
  seen = 0;
  for (const kept of [turns, answered, unsent]) kept.clear();
  log.replaceChildren();
  state.hidden = true;
  welcome.hidden = false;
  document.getElementById("scroll").scrollTop = 0;
  input.focus();
}

function submit() {
  const text = input.value.trim();
  if (!text) return;
  input.value = "";
  fitInput();
  send(text);
}

/** As high as its text, up to the limit in the style sheet; and whether there is room for more. */
function fitInput() {
  input.style.height = "auto";
  input.style.height = `${input.scrollHeight + 4}px`;
  full.hidden = input.value.length < input.maxLength;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
  input.focus();
});

input.addEventListener("input", fitInput);

input.addEventListener("keydown", (event) => {
  // While an input method is composing, Enter chooses characters (229: Safari says so this way).
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  submit();
});

photo.addEventListener("change", () => {
  const [file] = photo.files;
  if (file) sendPhoto(file);
  photo.value = ""; // the same picture may be chosen again
});

welcome.addEventListener("click", (event) => {
  const text = event.target.closest("[data-send]")?.dataset.send;
  if (text) tap(text);
});

window.addEventListener("online", sendUnsent);

document.getElementById("restart").addEventListener("click", () => {
  if (log.childElementCount === 0) restart();
  else confirmRestart.showModal();
});

confirmRestart.addEventListener("close", () => {
  if (confirmRestart.returnValue === "yes") restart();
  confirmRestart.returnValue = "no";
});

setUpView();
document.getElementById("starting").remove();
form.querySelector(".send").disabled = false; // before, a press would reload the page and lose the text
resume();
