// How values of the document are shown in fields of the guided form, and read from them again. No page is needed for it.

import { parseDocument, stringify } from "yaml";

/** What a field says that cannot be read yet. */
export const UNREADABLE = Symbol("unreadable");

/** What is read as something else than text stays so: numbers in lists of values. */
const word = (value) => (/^-?\d{1,15}$/.test(value) ? Number(value) : value);

const lines = (value) => value.split("\n").map((line) => line.trim()).filter(Boolean);

export const READ = {
  list: lines,
  words: (value) => value.split(/[\s,]+/).filter(Boolean).map(word),
  number: (value) => (value.trim() === "" || Number.isNaN(Number(value)) ? value.trim() : Number(value)),
  yaml: (value) => {
    if (value.trim() === "") return "";
    const found = parseDocument(value);
    return found.errors.length ? UNREADABLE : found.toJS();
  },
  undefined: (value) => value,
};

export const SHOW = {
  list: (value) => (Array.isArray(value) ? value.join("\n") : String(value ?? "")),
  words: (value) => (Array.isArray(value) ? value.join(" ") : String(value ?? "")),
  number: (value) => String(value ?? ""),
  yaml: (value) => (empty(value) ? "" : stringify(value, { lineWidth: 70 }).trimEnd()),
  undefined: (value) => (typeof value === "object" && value !== null ? "" : String(value ?? "")),
};

/** Tell whether a value says nothing. */
export const empty = (value) =>
  value === undefined || value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);
