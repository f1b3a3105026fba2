// What is wider or longer than its box can be scrolled by the keyboard: it takes the focus, but only while there is something to scroll.

const BOXES = ".scroll, pre, .tabs";

/** Fade the edge behind which there is more. */
const fade = (box) => box.toggleAttribute("data-more", box.scrollLeft + box.clientWidth < box.scrollWidth - 2);

function tell(box) {
  fade(box);
  const scrolls = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
  if (scrolls === box.hasAttribute("data-scrolls")) return;
  box.toggleAttribute("data-scrolls", scrolls);
  // What is a named region already stays so.
  if (box.matches("[role]:not([data-named])") || box.matches(".tabs")) return;
  if (!scrolls) {
    for (const name of ["tabindex", "role", "aria-label", "data-named"]) box.removeAttribute(name);
    return;
  }
  const heading = box.closest("section, details, form")?.querySelector("h2, h3, legend, summary")?.textContent.trim();
  box.setAttribute("tabindex", "0");
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", `${heading || "table"}, to be scrolled`);
  box.setAttribute("data-named", "");
}

export function scrollByKeys() {
  const all = () => document.querySelectorAll(BOXES).forEach(tell);
  for (const name of ["htmx:after:swap", "toggle"]) document.addEventListener(name, all, true);
  document.addEventListener("scroll", ({ target }) => target.matches?.(BOXES) && fade(target), { capture: true, passive: true });
  addEventListener("resize", all);
  all();
}
