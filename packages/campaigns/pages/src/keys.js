// Single keys, as the help page lists them. They can be switched off, and never act while one types.

const SWITCH = "campaigns.keys";
const ROWS = "[data-href], details.pattern, #waits .wait, details.revision";

const on = () => localStorage.getItem(SWITCH) !== "off";

function typing(event) {
  const { target } = event;
  return event.ctrlKey || event.metaKey || event.altKey || target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName);
}

/** Open the form, or follow the link, that has a key. */
function act(key) {
  const found = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find((element) => element.checkVisibility());
  if (!found) return false;
  if (found.tagName === "DETAILS") {
    found.open = true;
    found.scrollIntoView({ block: "nearest" });
  } else if (found.matches("input, textarea")) {
    found.select();
  } else {
    found.click();
  }
  return true;
}

function move(step) {
  const rows = [...document.querySelectorAll(ROWS)].filter((row) => row.checkVisibility());
  const now = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[Math.min(Math.max(now + step, 0), rows.length - 1)];
  if (!next) return false;
  (next.querySelector("a.row-link, summary, a") ?? next).focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}

function section(number) {
  const link = document.querySelectorAll(".tabs a")[number - 1];
  link?.click();
  return Boolean(link);
}

function handle(key) {
  if (key === "j") return move(1);
  if (key === "k") return move(-1);
  if (key === "?") return location.assign("/help"), true;
  if (/^[1-9]$/.test(key)) return section(Number(key));
  if (key === "u" && !document.querySelector('[data-key="u"]')) return location.assign("/campaigns"), true;
  return act(key);
}

export function listenForKeys() {
  document.addEventListener("keydown", (event) => {
    if (on() && !typing(event) && event.key.length === 1 && handle(event.key)) event.preventDefault();
  });
  // A click anywhere on a row goes where its link goes, unless one selects text or means something else in it.
  document.addEventListener("click", (event) => {
    const row = event.target.closest?.("tr[data-href]");
    if (!row || event.target.closest("a, button, summary, input") || String(getSelection())) return;
    if (event.ctrlKey || event.metaKey) open(row.dataset.href);
    else location.assign(row.dataset.href);
  });
  // A link to a field, such as that of a note, puts the cursor into it.
  const target = document.getElementById(location.hash.slice(1));
  if (target?.matches("input, textarea, select")) target.focus();
  const toggle = document.querySelector("[data-keys-switch]");
  if (!toggle) return;
  toggle.checked = on();
  toggle.addEventListener("change", () => localStorage.setItem(SWITCH, toggle.checked ? "on" : "off"));
}
