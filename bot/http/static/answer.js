// An answer as the page shows it: conclusion first and bold, then its blocks, choices, sources.

import { element, said } from "./dom.js";
import { chip, sources } from "./sources.js";

/** The element for an answer of the API; `send(text)` is called when a choice is tapped. */
export function answerElement(answer, send) {
  const whole = element("div", "answer");
  whole.tabIndex = -1;
  whole.append(...answer.blocks.map((block) => blockElement(block, answer.citations)));
  if (answer.choices.length > 0) whole.append(choices(answer.choices, send));
  const folded = sources(answer.citations);
  if (folded) whole.append(folded);
  return whole;
}

function blockElement(block, citations) {
  const texts = block.statements.map((statement) => statement.text);
  if (block.kind === "quotation") {
    const quotes = element("div", "block");
    quotes.append(...texts.map((text) => element("p", "quotation", text)));
    return quotes;
  }
  if (block.kind === "verdict") return verdict(block, texts);
  if (!block.heading && texts.length === 1) return said("p", block.kind, texts[0]);
  const section = element("div", `block ${block.kind}`);
  if (block.heading) section.append(heading(block, citations));
  if (block.kind === "procedure" && texts.length > 1) {
    section.append(list("ol", texts));
  } else if (block.kind === "detail" && texts.length > 1) {
    section.append(list("ul", texts));
  } else {
    section.append(...texts.map((text) => said("p", "", text)));
  }
  return section;
}

/** A verdict as a card. Its colour is never alone: the heading says the same. */
function verdict(block, texts) {
  const card = element("section", `verdict ${block.mark ?? "plain"}`);
  if (block.heading) card.append(element("h3", "", block.heading));
  card.append(...texts.map((text) => said("p", "", text)));
  return card;
}

function heading(block, citations) {
  const title = element("h3", "", block.heading);
  if (block.kind === "standing") {
    const worths = new Map(citations.map((citation) => [citation.standing, citation]));
    title.append(...Array.from(worths.values(), chip));
  }
  return title;
}

function list(kind, texts) {
  const made = element(kind);
  made.append(...texts.map((text) => said("li", "", text)));
  return made;
}

function choices(offered, send) {
  const made = element("ul", "choices");
  for (const choice of offered) {
    const button = element("button", "choice", choice.label);
    button.type = "button";
    button.addEventListener("click", () => send(choice.send));
    const item = element("li");
    item.append(button);
    made.append(item);
  }
  return made;
}
