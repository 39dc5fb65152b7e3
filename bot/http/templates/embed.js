// A button on somebody else's page that shows the chat in a frame. It asks nothing of that page,
// reads nothing of it, and loads nothing until it is pressed.
(() => {
  const words = "WORDS";
  const home = new URL("/", document.currentScript.src);

  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words.open;
  button.setAttribute("aria-expanded", "false");
  Object.assign(button.style, {
    position: "fixed",
    right: "16px",
    bottom: "16px",
    zIndex: "2147483647",
    minHeight: "48px",
    padding: "0 20px",
    border: "2px solid #fff",
    borderRadius: "24px",
    background: "#0b5345",
    color: "#fff",
    font: "700 18px/1.4 system-ui, sans-serif",
    boxShadow: "0 2px 8px rgb(0 0 0 / 40%)",
    cursor: "pointer",
  });

  let frame = null;

  function show(open) {
    if (open && !frame) {
      frame = document.createElement("iframe");
      frame.src = home.href;
      frame.title = words.title;
      frame.referrerPolicy = "no-referrer";
      Object.assign(frame.style, {
        position: "fixed",
        right: "0",
        bottom: "80px",
        zIndex: "2147483647",
        width: "min(440px, 100vw)",
        height: "min(720px, calc(100vh - 96px))",
        border: "2px solid #0b5345",
        borderRadius: "12px",
        background: "#fff",
        boxSizing: "border-box",
      });
      button.before(frame);
    }
    if (frame) frame.style.display = open ? "block" : "none";
    button.textContent = open ? words.close : words.open;
    button.setAttribute("aria-expanded", String(open));
    if (open) frame.focus();
  }

  button.addEventListener("click", () => show(button.getAttribute("aria-expanded") !== "true"));

  const place = () => document.body.append(button);
  if (document.body) place();
  else document.addEventListener("DOMContentLoaded", place);
})();
