// How many people, and how many answers of the bot, wait for a member of staff: beside “会话” in the
// menu and in the window's title, on every page. Pages with a stream of their own (live.js) are told there; the others ask now and then.

const ASK_EVERY_MS = 15_000;
const SOUND = "anxin-sound";
const title = document.title;
let last = null;

/** Show how many wait; a sound, if it is wished for, when there are more than before. */
export function showWaiting({ waiting, held }) {
  const badge = document.querySelector('[data-count="waiting"]');
  if (!badge) return;
  badge.textContent = waiting ? `${waiting}` : "";
  badge.title = `${waiting}${badge.dataset.words}`;
  badge.hidden = waiting === 0;
  const all = waiting + held;
  document.title = all ? `(${all}) ${title}` : title;
  for (const count of document.querySelectorAll('[data-count="held"]')) {
    count.textContent = `${count.dataset.words ?? ""}${held}`;
    count.hidden = held === 0;
  }
  if (last !== null && all > last && soundWished()) beep();
  last = all;
}

/** Whether a sound is wished for on this machine. It is not until somebody says so. */
export function soundWished() {
  return localStorage.getItem(SOUND) === "on";
}

/** Wish for a sound, or for none; wishing for it lets it be heard. */
export function wishForSound(wished) {
  localStorage.setItem(SOUND, wished ? "on" : "off");
  if (wished) beep();
}

function beep() {
  const sound = new AudioContext();
  const tone = sound.createOscillator();
  const volume = sound.createGain();
  volume.gain.value = 0.15;
  tone.frequency.value = 660;
  tone.connect(volume).connect(sound.destination);
  tone.start();
  tone.stop(sound.currentTime + 0.25);
  tone.onended = () => sound.close();
}

/** Ask how many wait; who asks is there. */
export async function askWaiting() {
  try {
    const response = await fetch("/console/conversations/waiting", {
      headers: { accept: "application/json", "x-anxin-background": "1" },
    });
    if (response.ok) showWaiting(await response.json());
  } catch {
    // The next time may succeed.
  }
}

if (document.querySelector('[data-count="waiting"]') && !document.querySelector("[data-stream]")) {
  askWaiting();
  setInterval(askWaiting, ASK_EVERY_MS);
}
