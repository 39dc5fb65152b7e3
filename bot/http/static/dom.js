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

/** An element with a text of several sentences, whose addresses can be followed. */
export function said(name, className, text) {
  const made = element(name, className);
  let done = 0;
  for (const found of text.matchAll(/https?:\/\/[\w.:/?=&%~+#-]+/g)) {
    const link = element("a", "", found[0]);
    link.href = found[0];
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    made.append(text.slice(done, found.index), link);
    done = found.index + found[0].length;
  }
  made.append(text.slice(done));
  return made;
}

export function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}
