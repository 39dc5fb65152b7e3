// The sources under an answer: folded, one entry a clause, opened in place with the quotes marked.

import { clause } from "./api.js";
import { element, fill, words } from "./dom.js";

/** The folded list of an answer's citations; null when it has none. */
export function sources(citations) {
  const byClause = Map.groupBy
    ? Map.groupBy(citations, (citation) => citation.clause)
    : grouped(citations);
  if (byClause.size === 0) return null;
  const list = fill("sources", { count: String(byClause.size) });
  for (const cited of byClause.values()) list.querySelector("ul").append(source(cited));
  if (byClause.size === 1) {
    // A single source needs no second tap.
    list.addEventListener("toggle", () => {
      if (list.open) list.querySelector(".source").open = true;
    });
  }
  return list;
}

export function chip(citation) {
  return element("span", `chip ${citation.standing}`, citation.standing_text);
}

function grouped(citations) {
  const groups = new Map();
  for (const citation of citations) {
    groups.set(citation.clause, [...(groups.get(citation.clause) ?? []), citation]);
  }
  return groups;
}

function source(cited) {
  const [first] = cited;
  const quotes = cited.map((citation) => citation.quote);
  const entry = fill("source", {
    document: `《${first.document}》${first.doc_no ? `（${first.doc_no}）` : ""}`,
    clause: first.name,
    standing: first.standing_text,
    text: quotes.join("\n"),
  });
  entry.querySelector(".chip").classList.add(first.standing);
  const details = entry.querySelector("details");
  let whole = false;
  details.addEventListener("toggle", async () => {
    if (details.open && !whole) whole = await openClause(entry, first.clause, quotes);
  });
  return entry;
}

/** Put the whole clause in place of the quotes; whether that worked. */
async function openClause(entry, id, quotes) {
  const place = (name) => entry.querySelector(`[data-fill="${name}"]`);
  place("note").textContent = words("loading-note");
  try {
    const { heading, text } = await clause(id);
    place("heading").textContent = heading;
    place("text").replaceChildren(...marked(text, quotes));
    place("note").textContent = "";
    entry.querySelector("mark")?.scrollIntoView({ block: "center" });
    return true;
  } catch {
    place("note").textContent = words("partial-note");
    return false;
  }
}

/** The text as nodes, each quote in it inside a <mark>; quotes that overlap share one. */
function marked(text, quotes) {
  const spans = quotes
    .map((quote) => [text.indexOf(quote), quote.length])
    .filter(([start]) => start >= 0)
    .map(([start, length]) => [start, start + length])
    .sort((one, other) => one[0] - other[0]);
  const nodes = [];
  let done = 0;
  for (const [start, end] of spans) {
    if (end <= done) continue;
    const from = Math.max(start, done);
    nodes.push(text.slice(done, from), element("mark", "", text.slice(from, end)));
    done = end;
  }
  return [...nodes, text.slice(done)];
}
