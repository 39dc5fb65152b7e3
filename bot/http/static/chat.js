// The conversation: sending, waiting, answers, what failed, and taking it up again after a reload.

import { answerElement } from "./answer.js";
import { ask, history, Refusal } from "./api.js";
import { fill, words } from "./dom.js";
import { drawn, packed } from "./photo.js";
import * as store from "./store.js";
import { setUpView } from "./view.js";

const log = document.getElementById("log");
const welcome = document.getElementById("welcome");
const form = document.getElementById("form");
const input = document.getElementById("text");
const photo = document.getElementById("photo");
const confirmRestart = document.getElementById("confirm");

let conversation = store.conversation();
let queue = Promise.resolve(); // messages go out one after the other, in the order written
const shown = new Set(); // ids of the messages that stand on the page
const LOOK_AGAIN = 20_000; // milliseconds
let promised = 0; // until when the bot may come back by itself with a turn (milliseconds)

function addTurn(question) {
  welcome.hidden = true;
  const turn = fill("turn", { question });
  log.append(turn);
  return turn;
}

function show(turn, content) {
  turn.querySelector(".reply").replaceChildren(content);
  turn.scrollIntoView({ block: "start" });
}

function send(text) {
  const message = { id: store.token(), text };
  shown.add(message.id);
  store.addPending(message);
  deliver(message, addTurn(text));
}

/** Send a picture, with what has been typed. It is not kept for after a reload: it is personal. */
async function sendPhoto(file) {
  const text = input.value.trim();
  let canvas;
  try {
    canvas = await drawn(file);
  } catch {
    show(addTurn(file.name), fill("no-picture"));
    return;
  }
  input.value = "";
  fitInput();
  const message = { id: store.token(), text, images: [packed(canvas)] };
  shown.add(message.id);
  const turn = addTurn(text);
  canvas.className = "thumbnail";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", words("picture-name"));
  turn.querySelector(".asked").prepend(canvas);
  deliver(message, turn);
}

/** The bot said it would come back by itself: look for its turn now and then. */
function expectMore(answer) {
  if (answer.action !== "recheck") return;
  if (promised < Date.now()) setTimeout(lookAgain, LOOK_AGAIN);
  promised = Date.now() + 65 * 60_000;
}

async function lookAgain() {
  const asked = conversation;
  try {
    const { turns } = await history(asked);
    for (const { text, answer } of turns) {
      if (asked !== conversation) return;
      if (shown.has(answer.id)) continue;
      shown.add(answer.id);
      promised = 0;
      show(addTurn(text), answerElement(answer, send));
    }
  } catch {
    // The next look may succeed.
  }
  if (asked === conversation && promised > Date.now()) setTimeout(lookAgain, LOOK_AGAIN);
}

/** Get the answer of a message into its turn. May be done again: its id keeps it one message. */
function deliver(message, turn) {
  show(turn, fill("waiting"));
  const asked = conversation;
  queue = queue.then(async () => {
    try {
      const answer = await ask(asked, message);
      if (asked !== conversation) return;
      store.removePending(message.id);
      showAnswer(turn, answer, message.text);
    } catch (error) {
      if (asked === conversation) showFailure(message, turn, error);
    }
  });
}

function showAnswer(turn, answer, text) {
  if (answer.status !== "failed" || answer.choices.length > 0) {
    show(turn, answerElement(answer, send));
    expectMore(answer);
    return;
  }
  // The server answered that it could not answer: asking again is a new message.
  const trouble = fill("trouble");
  trouble.querySelector(".again").addEventListener("click", () => {
    turn.remove();
    send(text);
    input.focus();
  });
  show(turn, trouble);
}

function showFailure(message, turn, error) {
  if (error instanceof Refusal && error.status < 500) {
    store.removePending(message.id);
    show(turn, fill("refused"));
    return;
  }
  const unsent = fill("unsent");
  unsent.querySelector(".again").addEventListener("click", () => {
    deliver(message, turn);
    input.focus();
  });
  show(turn, unsent);
}

/** Show the turns so far, and what was written but never answered. */
async function resume() {
  const asked = conversation;
  let turns = [];
  let error = null;
  try {
    ({ turns } = await history(asked));
  } catch (failure) {
    error = failure;
  }
  if (asked !== conversation) return;
  const answered = new Set(shown); // by someone quicker than the network, and shown already
  const written = [...log.children];
  for (const { text, answer } of turns) {
    if (answered.has(answer.id)) continue;
    answered.add(answer.id);
    shown.add(answer.id);
    const turn = addTurn(text);
    turn.querySelector(".reply").append(answerElement(answer, send));
  }
  for (const message of waiting) {
    if (answered.has(message.id)) store.removePending(message.id);
    else showFailure(message, addTurn(message.text), error);
  }
  if (turns.length > 0) expectMore(turns.at(-1).answer);
  log.append(...written);
  log.lastElementChild?.scrollIntoView({ block: "start" });
}

function restart() {
  conversation = store.newConversation();
  queue = Promise.resolve();
  promised = 0;
  log.replaceChildren();
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

/** As high as its text, up to the limit in the style sheet. */
function fitInput() {
  input.style.height = "auto";
  input.style.height = `${input.scrollHeight + 4}px`;
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
  if (text) send(text);
});

document.getElementById("restart").addEventListener("click", () => {
  if (log.childElementCount === 0) restart();
  else confirmRestart.showModal();
});

confirmRestart.addEventListener("close", () => {
  if (confirmRestart.returnValue === "yes") restart();
  confirmRestart.returnValue = "no";
});

setUpView();
const waiting = store.pending();
resume();
