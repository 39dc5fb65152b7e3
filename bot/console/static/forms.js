// What every form needs: a second click sends nothing more, and what was filled in is not lost when
// the log-in had ended meanwhile. The log-in page stands in between then, and the form is filled in
// again when its page is back. Passwords and forms with data-private are never kept, and nothing is
// when somebody logs out.

const KEY = "anxin-unsent";
const SECOND_CLICK_MS = 2_000;

const atLogin = location.pathname === "/console/login";
if (atLogin && location.search.includes("done=logged_out")) sessionStorage.clear();
const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");

if (kept && atLogin) {
  sessionStorage.setItem(KEY, JSON.stringify({ ...kept, interrupted: true }));
} else if (kept?.interrupted && kept.path === location.pathname) {
  sessionStorage.removeItem(KEY);
  refill(kept);
} else if (kept && !kept.interrupted) {
  sessionStorage.removeItem(KEY); // it arrived
}

/** The fields of `form` that a person fills in. */
function filled(form) {
  return [...form.elements].filter(
    (field) => field.name && !["hidden", "password", "file", "submit", "button"].includes(field.type),
  );
}

function refill({ action, place, fields }) {
  const form = document.forms[place];
  if (form?.getAttribute("action") !== action) return;
  for (const [at, field] of filled(form).entries()) {
    const was = fields[at];
    if (was?.name !== field.name) return;
    if (field.type === "radio" || field.type === "checkbox") field.checked = was.value;
    else field.value = was.value;
    for (let fold = field.closest("details"); fold; fold = fold.parentElement.closest("details")) {
      if (was.value) fold.open = true;
    }
  }
}

const sentAt = new WeakMap();
addEventListener(
  "submit",
  (event) => {
    const before = sentAt.get(event.target) ?? -Infinity;
    if (event.timeStamp - before < SECOND_CLICK_MS) event.preventDefault();
    else sentAt.set(event.target, event.timeStamp);
  },
  { capture: true },
);

if (!atLogin) {
  addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || "private" in form.dataset) return;
    const fields = filled(form).map((field) => {
      const ticked = field.type === "radio" || field.type === "checkbox";
      return { name: field.name, value: ticked ? field.checked : field.value };
    });
    const place = [...document.forms].indexOf(form);
    const action = form.getAttribute("action");
    sessionStorage.setItem(KEY, JSON.stringify({ path: location.pathname, action, place, fields }));
  });
}
