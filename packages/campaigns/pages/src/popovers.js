// Forms behind buttons are plain <details>. This puts the cursor into them when they open, and closes them as one expects.

const opened = () => document.querySelector("details.act[open]");

export function popovers() {
  document.addEventListener(
    "toggle",
    (event) => {
      const { target } = event;
      if (target.matches?.("details.act") && target.open) [...target.querySelectorAll("input:not([type=hidden]), select, textarea")].find((field) => field.checkVisibility())?.focus();
    },
    true,
  );
  document.addEventListener("click", (event) => {
    const open = opened();
    if (open && !open.contains(event.target)) open.open = false;
  });
  // Whoever tabs on leaves it; it must not lie over what comes next.
  document.addEventListener("focusout", (event) => {
    const left = event.target.closest?.("details.act[open]");
    if (left && event.relatedTarget && !left.contains(event.relatedTarget)) left.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const open = opened();
    if (event.key !== "Escape" || !open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
  // A form goes once, however often the button is pressed.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.kept === "sent") event.preventDefault();
    if (form.method === "post") form.dataset.kept = "sent";
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-kept]")) delete form.dataset.kept;
  });
}
