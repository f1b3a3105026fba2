// The guided form and the YAML are the same document: each edits the other. The server judges it.

import htmx from "htmx.org/dist/htmx.esm.js";
import { isMap, isScalar, parseDocument } from "yaml";
import { gutter } from "./editor.js";
import { READ, SHOW, UNREADABLE, empty } from "./fields.js";
import { lead, tellProblems } from "./problems.js";

const form = document.getElementById("define-form");
const guided = document.getElementById("guided");
const text = document.getElementById("document");
const steps = document.getElementById("g-steps");
const template = document.getElementById("step-template");

function parsed() {
  const found = parseDocument(text.value);
  return found.errors.length === 0 && (found.contents === null || isMap(found.contents)) ? found : null;
}

/** Change one place of the document, keeping the rest as it was written, comments too. */
function put(path, value) {
  const found = parsed();
  if (!found) return;
  if (empty(value)) {
    found.deleteIn(path);
    // What holds nothing any more goes as well: a split or a gate without fields means something else than none.
    for (let above = path.slice(0, -1); above.length && typeof above.at(-1) === "string" && above.at(-1) !== "steps"; above = above.slice(0, -1)) {
      const node = found.getIn(above);
      if (isMap(node) && node.items.length === 0) found.deleteIn(above);
    }
  } else {
    const node = found.getIn(path, true);
    if (isScalar(node) && typeof value === "string") node.value = value;
    else found.setIn(path, found.createNode(value));
  }
  write(found);
}

function write(found) {
  text.value = found.toString({ lineWidth: 110 });
  gutter(text);
  htmx.trigger(text, "check");
}

const get = (data, path) => path.reduce((inner, key) => inner?.[key], data);

function fill(field, value) {
  if (document.activeElement === field) return;
  // What cannot be shown in a field, such as a text where a list belongs, stays in the document alone.
  const shown = SHOW[field.dataset.type](value);
  field.removeAttribute("aria-invalid");
  if (field.tagName === "SELECT" && shown && ![...field.options].some((option) => option.value === shown)) field.add(new Option(shown));
  if (field.value !== shown) field.value = shown;
}

function showSteps(list) {
  while (steps.children.length > list.length) steps.lastElementChild.remove();
  while (steps.children.length < list.length) steps.append(template.content.cloneNode(true));
  list.forEach((step, index) => {
    tellStep(steps.children[index], step);
    for (const field of steps.children[index].querySelectorAll("[data-field]")) {
      const names = field.dataset.field.split(".");
      field.id = `g-step-${index}-${names.join("-")}`;
      fill(field, get(step, names) ?? (names.at(-1) === "dimension" && get(step, ["split", "queries"]) ? "by queries" : undefined));
      field.disabled = names[0] === "split" && Boolean(get(step, ["split", "queries"]));
    }
  });
}

/** Say in its heading what a step is, so that it can stay folded. */
function tellStep(part, step) {
  const needs = SHOW.words(step?.needs);
  part.querySelector("[data-step-name]").textContent = SHOW.undefined(step?.name) || "a step without a name";
  part.querySelector("[data-step-about]").textContent = [step?.title, needs && `after ${needs}`].filter(Boolean).join(" · ");
}

/** Mark a folded part in which something is set. */
function tellUnfold(part) {
  part.classList.toggle("filled", [...part.querySelectorAll("textarea, input")].some((field) => field.value !== ""));
}

/** Show the document in the form. */
function show() {
  const found = parsed();
  guided.classList.toggle("stale", !found);
  if (!found) return;
  const data = found.toJS() ?? {};
  for (const field of form.querySelectorAll("[data-path]")) fill(field, get(data, field.dataset.path.split(".")));
  for (const part of guided.querySelectorAll(".unfold")) tellUnfold(part);
  showSteps(Array.isArray(data.steps) ? data.steps : []);
  offer(data.site);
}

function options(id, values) {
  document.getElementById(id).replaceChildren(...values.map((value) => new Option(value, value)));
  for (const hint of document.querySelectorAll(`[data-offers="${id}"]`)) hint.textContent = values.length ? `Offered: ${values.slice(0, 5).join(", ")}${values.length > 5 ? ", …" : ""}` : "";
}

/** Offer the sites, and what the chosen one has. */
function offer(site) {
  const rows = [...document.querySelectorAll("[data-site]")];
  const chosen = rows.filter((row) => row.dataset.site === site);
  const all = (name) => [...new Set((chosen.length ? chosen : rows).flatMap((row) => row.dataset[name].split(" ").filter(Boolean)))];
  options("sites-list", rows.map((row) => row.dataset.site));
  options("stacks-list", all("stacks"));
  options("repositories-list", all("repositories"));
}

function edited(event) {
  const field = event.target;
  const value = READ[field.dataset.type](field.value);
  field.toggleAttribute("aria-invalid", value === UNREADABLE);
  if (value === UNREADABLE) return;
  if (field.dataset.path) put(field.dataset.path.split("."), value);
  const unfold = field.closest(".unfold");
  if (unfold) tellUnfold(unfold);
  const step = field.closest(".g-step");
  if (field.dataset.field && step) {
    const index = [...steps.children].indexOf(step);
    put(["steps", index, ...field.dataset.field.split(".")], value);
    tellStep(step, parsed()?.toJS()?.steps?.[index]);
  }
}

function addStep() {
  const found = parsed();
  if (!found) return;
  const list = found.toJS()?.steps ?? [];
  const last = list.at(-1)?.name;
  const made = { name: `step${list.length + 1}`, ...(last ? { needs: [last] } : {}) };
  if (Array.isArray(found.toJS()?.steps)) found.addIn(["steps"], found.createNode(made));
  else found.setIn(["steps"], found.createNode([made]));
  write(found);
  show();
  steps.lastElementChild.open = true;
  steps.lastElementChild.querySelector("input").focus();
}

function removeStep(button) {
  const found = parsed();
  if (!found) return;
  found.deleteIn(["steps", [...steps.children].indexOf(button.closest(".g-step"))]);
  write(found);
  show();
}

/** Take an output collection that is proposed for a rerun; by itself, as long as nobody gave another. */
function takeProposed(event) {
  const proposed = document.getElementById("proposed")?.dataset.output;
  if (!proposed || (event.type !== "click" && parsed()?.get("output") !== output)) return;
  output = proposed;
  put(["output"], proposed);
  show();
}

guided.hidden = false;
form.addEventListener("input", (event) => (event.target.dataset.path || event.target.dataset.field) && edited(event));
// Enter in a field of a long form means that the field is done, not the form.
guided.addEventListener("keydown", (event) => event.key === "Enter" && event.target.matches("input") && event.preventDefault());
guided.addEventListener("click", (event) => event.target.closest(".remove-step") && removeStep(event.target));
document.getElementById("add-step").addEventListener("click", addStep);
text.addEventListener("input", () => {
  gutter(text);
  show();
});
text.addEventListener("scroll", () => gutter(text));
let leaving = false;
form.addEventListener("submit", () => (leaving = true));
addEventListener("beforeunload", (event) => {
  if (!leaving && text.value !== text.defaultValue) event.preventDefault();
});
gutter(text);
show();
tellProblems(form, text);
let output = parsed()?.get("output");
document.addEventListener("htmx:after:swap", takeProposed);
form.addEventListener("click", (event) => event.target.id === "take-proposed" && takeProposed(event));
const refused = document.querySelector("#refused [data-where]");
if (refused) lead(form, text, refused.dataset.where);
