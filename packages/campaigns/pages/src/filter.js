// The builder beside the filter: puts a condition into the text, where it can be read and changed.

const at = (id) => document.getElementById(id);

/** Put a value in quotes if the language needs them. */
const quoted = (value) => (/^[\w.:/@+*-]+$/.test(value) ? value : `"${value.replace(/[\\"]/g, "\\$&")}"`);

const field = () => at("build-field").selectedOptions[0].dataset;

function box(value, type) {
  const input = Object.assign(document.createElement("input"), { type, name: "build-pick", value, id: `build-pick-${value}` });
  const label = Object.assign(document.createElement("label"), { className: "inline" });
  label.append(input, ` ${value.replaceAll("_", " ")}`);
  return label;
}

/** Offer what the chosen field takes: boxes to tick, yes or no, a time, or a text. */
function chosen() {
  const { signs, choices, kind } = field();
  at("build-sign").replaceChildren(...signs.split("|").map((sign) => new Option(sign, sign)));
  const values = kind === "flag" ? ["yes", "no"] : choices ? choices.split("|") : [];
  const legend = at("build-picks").querySelector("legend");
  at("build-picks").replaceChildren(legend, ...values.map((value) => box(value, kind === "flag" ? "radio" : "checkbox")));
  at("build-value").value = "";
  offered();
}

/** Show the part in which the value is given, where the relation needs one. */
function offered() {
  const { choices, kind } = field();
  const unary = /empty$/.test(at("build-sign").value);
  const picks = kind === "flag" || Boolean(choices);
  at("build-picks").hidden = !picks;
  at("build-when").hidden = unary || kind !== "time";
  at("build-typed").hidden = picks || (kind === "time" && !unary);
  at("build-value").disabled = unary;
  at("build-date").hidden = at("build-since").value !== "";
}

/** Give the condition as it is written, or the field in which something is still missing. */
function condition() {
  const [name, sign] = [at("build-field").value, at("build-sign").value];
  if (/empty$/.test(sign)) return `${name} ${sign}`;
  const { choices, kind } = field();
  if (choices || kind === "flag") {
    const boxes = [...at("build-picks").querySelectorAll("input")];
    const ticked = boxes.filter((input) => input.checked).map((input) => input.value);
    if (!ticked.length) return boxes[0];
    const not = sign === "is not";
    return ticked.length > 1 ? `${name} ${not ? "not in" : "in"} (${ticked.join(", ")})` : `${name} ${not ? "!=" : "="} ${ticked[0]}`;
  }
  const input = kind === "time" ? (at("build-since").value ? at("build-since") : at("build-date")) : at("build-value");
  return input.value.trim() ? `${name} ${sign} ${quoted(input.value.trim())}` : input;
}

function add(word) {
  const made = condition();
  if (typeof made !== "string") return made.focus();
  const filter = at("filter");
  const before = filter.value.trim();
  // What was there is one thing: `a or b`, and then c.
  const kept = word === "and" && /\bor\b/i.test(before) && !/^\(.*\)$/.test(before) ? `(${before})` : before;
  filter.value = kept ? `${kept} ${word} ${made}` : made;
  at("finding").requestSubmit();
}

export function buildFilters() {
  if (!at("build-field")) return;
  // Where nothing is looked for yet, there is nothing to join with.
  const joins = () => {
    const begun = at("filter").value.trim() !== "";
    at("build-and").textContent = begun ? "and" : "find";
    at("build-or").hidden = !begun;
  };
  at("filter").addEventListener("input", joins);
  joins();
  at("build-field").addEventListener("change", chosen);
  for (const id of ["build-sign", "build-since"]) at(id).addEventListener("change", offered);
  for (const word of ["and", "or"]) at(`build-${word}`).addEventListener("click", () => add(word));
  for (const id of ["build-value", "build-date", "build-picks"]) {
    at(id).addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      add("and");
    });
  }
  chosen();
}
