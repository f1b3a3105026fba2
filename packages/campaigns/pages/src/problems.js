// What is wrong stands in a list under the document, and beside its field too; its place leads to where one was writing.

import { goTo } from "./editor.js";

let inText = false;

/** Find the field of the form for a place such as `title (line 3)` or `steps[1].split.size`. */
function fieldAt(form, where) {
  const path = where.replace(/ \(line \d+\)$/, "");
  const step = path.match(/^steps\[(\d+)\](?:\.(.+))?$/);
  if (!step) return form.querySelector(`[data-path="${CSS.escape(path.replace(/\[\d+\]$/, ""))}"]`);
  const part = form.querySelectorAll(".g-step")[Number(step[1])];
  return part?.querySelector(`[data-field="${CSS.escape((step[2] ?? "name").replace(/\[\d+\]$/, ""))}"]`);
}

/** Lead to a place of the document: in its field, or in the text where one was writing there or it has no field. */
export function lead(form, text, where) {
  const line = where.match(/\(line (\d+)\)/);
  const field = fieldAt(form, where);
  if (line && (inText || !field)) return goTo(text, Number(line[1]));
  if (!field) return;
  for (let part = field.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  field.focus();
}

/** Put each problem beside its field; what is only empty yet is told by the list alone. */
function mark(form) {
  for (const told of form.querySelectorAll(".hint.problem")) {
    const field = document.getElementById(told.dataset.of);
    field?.removeAttribute("aria-describedby");
    if (field?.getAttribute("aria-invalid") === "true") field.removeAttribute("aria-invalid");
    told.remove();
  }
  for (const place of document.querySelectorAll("#faults [data-where]")) {
    const field = fieldAt(form, place.dataset.where);
    if (!field?.value) continue;
    const message = place.closest(".fault").querySelector(".fault-message").textContent;
    const told = Object.assign(document.createElement("p"), { className: "hint problem", id: `${field.id}-problem`, textContent: `✕ ${message}` });
    told.dataset.of = field.id;
    field.closest(".field")?.append(told);
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", told.id);
  }
}

export function tellProblems(form, text) {
  document.addEventListener("input", ({ target }) => (inText = target === text));
  document.addEventListener("click", (event) => {
    const where = event.target.closest?.("[data-where]")?.dataset.where;
    if (!where) return;
    event.preventDefault();
    lead(form, text, where);
  });
  document.addEventListener("htmx:after:swap", () => mark(form));
  mark(form);
}
