// What the scripts of several pages need. A page loads its own module, which imports from here.

/** This page's CSRF token, which every request that changes something carries. */
export function csrf() {
  return document.querySelector('meta[name="csrf-token"]').content;
}

/**
 * Post `body` as JSON to a path of the console; gives the response when it is a good one.
 * Throws an Error with `status` and the server's sentence as its message otherwise. When the log-in
 * has ended, the page goes to the log-in and comes back.
 */
export async function post(path, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json",
      "x-csrf-token": csrf(),
    },
    body: JSON.stringify(body),
  });
  if (response.ok) return response;
  if (response.status === 401) {
    const back = encodeURIComponent(location.pathname + location.search);
    location.assign(`/console/login?next=${back}`);
  }
  const told = await response.json().catch(() => ({}));
  const error = new Error(told.detail ?? "");
  error.status = response.status;
  throw error;
}
