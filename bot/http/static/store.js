// What this browser keeps: which conversation it is in, what has not been answered yet, type size.

const memory = new Map(); // where the browser keeps nothing (private mode), the page still does

function read(name) {
  try {
    return localStorage.getItem(`anxin.${name}`);
  } catch {
    return memory.get(name) ?? null;
  }
}

function write(name, value) {
  memory.set(name, value);
  try {
    localStorage.setItem(`anxin.${name}`, value);
  } catch {
    // kept in `memory` only
  }
}

/** A token nobody can guess. `crypto.randomUUID` is missing where the page comes without https. */
export function token() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The conversation this browser is in. */
export function conversation() {
  return read("conversation") ?? newConversation();
}

/** Leave the conversation, and begin another one. */
export function newConversation() {
  const id = token();
  write("conversation", id);
  write("pending", "[]");
  return id;
}

/** Messages without an answer yet, oldest first: `{id, text}`. */
export function pending() {
  try {
    return JSON.parse(read("pending") ?? "[]");
  } catch {
    return [];
  }
}

export function addPending(message) {
  write("pending", JSON.stringify([...pending(), message]));
}

export function removePending(id) {
  write("pending", JSON.stringify(pending().filter((message) => message.id !== id)));
}

export function isLarge() {
  return read("large") === "yes";
}

export function setLarge(large) {
  write("large", large ? "yes" : "no");
}
