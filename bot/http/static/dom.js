// Small helpers for building the page. Text goes in as text, never as markup.

/** A copy of the template's first element, its `data-fill` places filled with text. */
export function fill(template, texts = {}) {
  const copy = document.getElementById(template).content.firstElementChild.cloneNode(true);
  for (const place of copy.querySelectorAll("[data-fill]")) {
    place.textContent = texts[place.dataset.fill] ?? "";
  }
  return copy;
}

/** The words of a template that holds nothing else. */
export function words(template) {
  return document.getElementById(template).content.textContent.trim();
}

export function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}
