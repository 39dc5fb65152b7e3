// The calls to the server. Each gives the JSON object, or throws.

// Milliseconds until an answer counts as lost; a photograph is long on its way over a slow line.
const PATIENCE = 30_000;
const PATIENCE_PHOTO = 120_000;

/** The server answered, but refused (status 400–499) or broke (500 and above). */
export class Refusal extends Error {
  constructor(status) {
    super(`status ${status}`);
    this.status = status;
  }
}

async function call(path, options = {}, patience = PATIENCE) {
  const response = await fetch(path, { ...options, signal: ended(patience) });
  if (!response.ok) throw new Refusal(response.status);
  return response.status === 204 ? null : response.json();
}

/** Ends a call after some milliseconds; by hand where a browser (of before 2022) cannot itself. */
function ended(patience) {
  if (AbortSignal.timeout) return AbortSignal.timeout(patience);
  const controller = new AbortController();
  setTimeout(() => controller.abort(), patience);
  return controller.signal;
}

function post(path, body, patience) {
  const headers = { "content-type": "application/json" };
  return call(path, { method: "POST", headers, body: JSON.stringify(body) }, patience);
}

/** Whether the server answers at all. */
export async function reachable() {
  try {
    await call("/healthz");
    return true;
  } catch {
    return false;
  }
}

/** Send a message and get its answer. The same `id` again gets the same answer again. */
export function ask(conversation, { id, text, images }) {
  const patience = images ? PATIENCE_PHOTO : PATIENCE;
  return post("/api/v1/messages", { conversation, id, text, images }, patience);
}

/** The turns behind the one with `seq` = `after`, and whether staff are there. */
export function history(conversation, after) {
  return call(`/api/v1/conversations/${conversation}?after=${after}`);
}

/** Say whether an answer was of use. */
export function rate(conversation, rating) {
  return post(`/api/v1/conversations/${conversation}/ratings`, rating);
}

export function clause(id) {
  return call(`/api/v1/clauses/${id.split("/").map(encodeURIComponent).join("/")}`);
}
