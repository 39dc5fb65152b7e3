// 有用 or 没用 under an answer. What is tapped counts at once; a reason may follow.

import { rate } from "./api.js";
import { fill, words } from "./dom.js";

const RATED = new Set([
  "answered",
  "partly_answered",
  "clarify",
  "not_covered",
  "out_of_scope",
  "verdict",
]);

/** Whether an answer is one to have an opinion on. */
export function ratable(answer) {
  return RATED.has(answer.status) && answer.blocks.length > 0;
}

/** The element under an answer; `useful` is how it was rated before (null: not yet). */
export function rating(conversation, id, useful) {
  const whole = fill("rating");
  const buttons = [...whole.querySelectorAll(".rate")];
  const why = whole.querySelector(".why");
  const note = whole.querySelector(".note");

  function press(value) {
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String((button.dataset.useful === "yes") === value));
    }
  }

  async function send(value, reason, thanks) {
    try {
      await rate(conversation, { message_id: id, useful: value, reason });
    } catch {
      note.textContent = words("rating-failed");
      return;
    }
    press(value);
    why.hidden = value || reason !== "";
    note.textContent = thanks ? words("rating-thanks") : "";
    if (!why.hidden) why.querySelector("button").focus();
  }

  for (const button of buttons) {
    const value = button.dataset.useful === "yes";
    button.addEventListener("click", () => send(value, "", value));
  }
  for (const chip of why.querySelectorAll("[data-reason]")) {
    chip.addEventListener("click", () => send(false, chip.textContent, true));
  }
  why.addEventListener("submit", (event) => {
    event.preventDefault();
    const reason = why.elements.reason.value.trim();
    if (reason) send(false, reason, true);
    else why.elements.reason.focus();
  });
  if (useful !== null) press(useful);
  return whole;
}
