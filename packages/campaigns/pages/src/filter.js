// The builder beside the filter: puts a condition into the text, where it can be read and changed.

const at = (id) => document.getElementById(id);

/** Put a value in quotes if the language needs them. */
const quoted = (value) => (/^[\w.:/@+*-]+$/.test(value) ? value : `"${value.replace(/[\\"]/g, "\\$&")}"`);

function options(select, values) {
  select.replaceChildren(...values.map((value) => new Option(value, value)));
}

function chosen() {
  const { signs, choices, kind } = at("build-field").selectedOptions[0].dataset;
  options(at("build-sign"), signs.split("|"));
  options(at("build-choices"), kind === "flag" ? ["yes", "no"] : choices ? choices.split("|") : kind === "time" ? ["-7d", "-30d", "today"] : []);
  at("build-value").value = "";
}

function add(word) {
  const [field, sign, value] = ["build-field", "build-sign", "build-value"].map((id) => at(id).value.trim());
  const unary = sign.startsWith("is ");
  if (!unary && !value) return at("build-value").focus();
  const filter = at("filter");
  const before = filter.value.trim();
  const condition = unary ? `${field} ${sign}` : `${field} ${sign} ${quoted(value)}`;
  // What was there is one thing: `a or b`, and then c.
  const kept = word === "and" && /\bor\b/i.test(before) && !/^\(.*\)$/.test(before) ? `(${before})` : before;
  filter.value = kept ? `${kept} ${word} ${condition}` : condition;
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
  at("build-sign").addEventListener("change", () => (at("build-value").disabled = at("build-sign").value.startsWith("is ")));
  for (const word of ["and", "or"]) at(`build-${word}`).addEventListener("click", () => add(word));
  at("build-value").addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    add("and");
  });
  chosen();
}
