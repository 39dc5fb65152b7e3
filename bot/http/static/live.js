// What happens in the conversation meanwhile: a stream of the server's, and where there is none,
// a look at the turns now and then. Whoever follows says how far it has read, so nothing is lost.

import { history } from "./api.js";

const PAUSE = 20_000; // milliseconds between looks while there is no stream

/** Call `take(history)` with what is new, behind the turn `seen()`; gives what ends it. */
export function follow(conversation, seen, take) {
  let ended = false;
  let source = null;
  let timer = null;

  function listen() {
    source = new EventSource(`/api/v1/conversations/${conversation}/events?after=${seen()}`);
    source.addEventListener("message", (event) => {
      if (!ended) take(JSON.parse(event.data));
    });
    source.addEventListener("error", () => {
      // A stream that only broke off the browser opens again by itself, where it ended.
      if (source.readyState === EventSource.CLOSED && !ended) timer = setTimeout(look, PAUSE);
    });
  }

  async function look() {
    try {
      const news = await history(conversation, seen());
      if (!ended) take(news);
    } catch {
      // The next look may succeed.
    }
    if (!ended) listen();
  }

  listen();
  return () => {
    ended = true;
    source.close();
    clearTimeout(timer);
  };
}
