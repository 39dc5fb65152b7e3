// Choosing from the list means it: the choice beside it is made too. A task for the library needs
// its explanation, so the place for it opens.

for (const form of document.querySelectorAll("form")) {
  const list = form.querySelector("select[data-chooses]");
  if (!list) continue;
  list.addEventListener("change", () => {
    form.querySelector(`input[value="${list.dataset.chooses}"]`).checked = true;
  });
  form.addEventListener("change", () => {
    const library = form.querySelector('input[value="library"]').checked;
    const note = form.querySelector('textarea[name="note"]');
    note.required = library;
    list.required = form.querySelector('input[value="other"]').checked;
    if (library) form.querySelector("details").open = true;
  });
}
