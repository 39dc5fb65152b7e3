// The assistant: asks while the operator types, and puts the parts of the answer into the page. All
// state is in the form; without this script its buttons do the same.

const WAIT_MS = 30; // after the last key
const CALL = "anxin-call"; // a call that was broken off: by a reload, or by the end of the log-in

const form = document.getElementById("call");
const question = document.getElementById("q");
const region = document.getElementById("region");
const trouble = document.getElementById("trouble");
const copied = document.getElementById("copied");
const keys = document.getElementById("keys");

let timer = 0;
let running = null; // the request under way
let ticks = 0; // changes of fields, by which an answer is known to be of older ones
let loggedOut = false;
const blank = document.createDocumentFragment(); // the parts of a call that has not begun
for (const part of document.querySelectorAll("[data-part]")) blank.append(part.cloneNode(true));

function ask(more = {}, fields = new FormData(form)) {
  clearTimeout(timer);
  running?.abort();
  const sent = new URLSearchParams(fields);
  for (const [name, value] of Object.entries(more)) sent.set(name, value);
  const of = ticks;
  const request = new XMLHttpRequest();
  running = request;
  request.open("POST", form.action);
  request.responseType = "document"; // parsed, and nothing in it is run
  request.timeout = 10_000;
  request.setRequestHeader("content-type", "application/x-www-form-urlencoded");
  request.onload = () => {
    running = null;
    if (request.responseURL.includes("/console/login")) return logIn();
    const fresh = request.response?.getElementById("call");
    if (request.status !== 200 || !fresh) return lost();
    trouble.hidden = true;
    if (of === ticks) show(request.response, sent.has("accept") || "pick" in more || "meant" in more);
  };
  request.onerror = request.ontimeout = lost;
  request.send(sent);
}

// The log-in has ended: the call goes on after the next one.
function logIn() {
  loggedOut = true;
  location.assign("/console/login?next=/console/assistant");
}

function keepCall() {
  const [as_of, compare] = [form.elements.as_of.value, form.elements.compare.checked];
  const call = form.elements.call.value;
  sessionStorage.setItem(CALL, JSON.stringify({ q: question.value, call, as_of, compare, loggedOut }));
}

// Who comes from another page begins anew: nobody is told what holds for the caller before.
function goOn() {
  const state = JSON.parse(sessionStorage.getItem(CALL) ?? "null");
  sessionStorage.removeItem(CALL);
  const came = performance.getEntriesByType("navigation")[0]?.type;
  if (!state?.q.trim() || !(state.loggedOut || ["reload", "back_forward"].includes(came))) return;
  question.value = state.q;
  form.elements.call.value = state.call;
  form.elements.as_of.value = state.as_of;
  form.elements.compare.checked = state.compare;
  // The call knows what was told; the fields are empty only because the page is new.
  const fields = new FormData(form);
  for (const name of [...fields.keys()]) if (name.startsWith("f.")) fields.delete(name);
  ask({}, fields);
}

// In place, not by a new page: the next caller speaks at once, and no key may be lost.
function newCall() {
  clearTimeout(timer);
  running?.abort();
  running = null;
  ticks += 1;
  form.reset();
  put(blank);
  region.value = "";
  trouble.hidden = true;
  question.focus();
}

function lost() {
  running = null;
  trouble.textContent = trouble.dataset.lost;
  trouble.hidden = false;
}

function put(fresh) {
  for (const part of document.querySelectorAll("[data-part]")) {
    const now = fresh.getElementById(part.id);
    part.replaceChildren(...[...now.childNodes].map((node) => document.importNode(node, true)));
    for (const { name, value } of now.attributes) part.setAttribute(name, value);
  }
}

function show(fresh, accepted) {
  const focused = document.activeElement?.id;
  const open = document.getElementById("trace")?.open;
  put(fresh);
  const place = fresh.getElementById("region");
  region.replaceChildren(...[...place.options].map((one) => document.importNode(one, true)));
  region.value = place.value;
  const trace = document.getElementById("trace");
  if (trace && open) trace.open = true;
  if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus();
  if (accepted) {
    question.value = fresh.getElementById("q").value;
    if (document.activeElement === question) question.select();
  }
}

function typed(event) {
  if (event.isComposing) return;
  clearTimeout(timer);
  if (question.value.trim()) timer = setTimeout(ask, WAIT_MS);
}

question.addEventListener("input", typed);
question.addEventListener("compositionend", typed);
question.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  if (question.value.trim()) ask({ accept: "1" });
});

form.addEventListener("change", (event) => {
  if (event.target === question) return;
  ticks += 1;
  if (question.value.trim()) ask();
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const by = event.submitter;
  ask(by?.name ? { [by.name]: by.value } : { accept: "1" });
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const from = document.getElementById(button.dataset.copy);
  const done = await copy(from.value ?? from.textContent);
  copied.textContent = done ? "复制好了。" : "浏览器不让复制，请选中文字再按Ctrl+C。";
  button.classList.toggle("done", done);
});

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without https there is no clipboard to write to, and the old way still works.
    const field = document.createElement("textarea");
    const focused = document.activeElement;
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    focused?.focus();
    return done;
  }
}

// What an element's aria-keyshortcuts says is what its key does.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input:not([type=radio], [type=checkbox]), textarea, select");
  if ((event.key === "?" && !typing) || (event.altKey && event.code === "Slash")) {
    event.preventDefault();
    if (!keys.open) keys.showModal();
    return;
  }
  if (!event.altKey || event.ctrlKey || event.metaKey || keys.open) return;
  const key = event.code.replace(/^(Key|Digit)/, "");
  if (key === "J") {
    event.preventDefault();
    nextOpen()?.focus();
    return;
  }
  const meant = document.querySelector(`[aria-keyshortcuts="Alt+${CSS.escape(key)}"]`);
  if (!meant) return;
  event.preventDefault();
  if (meant.matches("textarea, select, input[type=date]")) meant.focus();
  else meant.click();
  if (meant === question) question.select();
});

/** The next condition's field that is not known yet, after the one in hand. */
function nextOpen() {
  const all = [...document.querySelectorAll(".tick")];
  const at = all.findIndex((one) => one.contains(document.activeElement));
  const order = [...all.slice(at + 1), ...all.slice(0, at + 1)];
  const unknown = (one) => {
    const ticked = one.querySelector("input:checked, select, input:not([type=radio])");
    return ticked && ticked.value === "";
  };
  const next = order.find(unknown) ?? order[0];
  return next?.querySelector("input:checked") ?? next?.querySelector("select, input");
}

document.getElementById("new-call").addEventListener("click", (event) => {
  event.preventDefault();
  newCall();
});

document.getElementById("show-keys").addEventListener("click", () => keys.showModal());
document.getElementById("hide-keys").addEventListener("click", () => keys.close());

addEventListener("pagehide", keepCall);
goOn();
