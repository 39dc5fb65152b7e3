// The queue, and the answers held back: both stay up to date by themselves.

import { follow } from "./live.js";
import { soundWished, wishForSound } from "./waiting.js";

const list = document.querySelector("[data-stream]");
const none = document.getElementById("none-held");

follow(list.dataset.stream, {
  always: true, // or nobody would hear that somebody waits
  after() {
    if (none) none.hidden = list.childElementCount > 0;
  },
});

const sound = document.getElementById("sound");
if (sound) {
  const show = () => sound.setAttribute("aria-pressed", String(soundWished()));
  sound.hidden = false;
  show();
  sound.addEventListener("click", () => {
    wishForSound(!soundWished());
    show();
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.ctrlKey && event.target.form) event.target.form.requestSubmit();
});

// What was sent need not be kept any longer; if it is refused, the server gives it back.
document.addEventListener("submit", ({ target }) => {
  for (const field of target.querySelectorAll("[data-keep]")) {
    sessionStorage.removeItem(field.dataset.keep);
  }
});
