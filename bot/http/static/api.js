// The calls to the server. Each gives the JSON object, or throws.

const PATIENCE = 30_000; // milliseconds until an answer counts as lost

/** The server answered, but refused (status 400–499) or broke (500 and above). */
export class Refusal extends Error {
  constructor(status) {
    super(`status ${status}`);
    this.status = status;
  }
}

async function call(path, options = {}) {
  const response = await fetch(path, { ...options, signal: AbortSignal.timeout(PATIENCE) });
  if (!response.ok) throw new Refusal(response.status);
  return response.status === 204 ? null : response.json();
}

function post(path, body) {
  return call(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** Send a message and get its answer. The same `id` again gets the same answer again. */
export function ask(conversation, { id, text, images }) {
  return post("/api/v1/messages", { conversation, id, text, images });
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
