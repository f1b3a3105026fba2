// Puts each document into the fields of the guided form and reads it out of them again; prints what is not the same afterwards.

import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { parseDocument } from "../../pages/node_modules/yaml/dist/index.js";
import { READ, SHOW, empty } from "../../pages/src/fields.js";

const { fields, texts } = JSON.parse(readFileSync(0, "utf8"));
const wrong = [];
for (const text of texts) {
  const found = parseDocument(text);
  const before = found.toJS();
  const places = fields.flatMap(({ path, type, ofStep }) =>
    ofStep ? (before.steps ?? []).map((_, index) => ({ path: ["steps", index, ...path], type })) : [{ path, type }],
  );
  for (const { path, type } of places) {
    const value = path.reduce((inner, key) => inner?.[key], before);
    if (empty(value) || (typeof value === "object" && type === "undefined")) continue;
    const read = READ[type](SHOW[type](value));
    if (!empty(read)) found.setIn(path, found.createNode(read));
  }
  const after = parseDocument(found.toString({ lineWidth: 110 })).toJS();
  if (!isDeepStrictEqual(before, after)) wrong.push({ before, after });
}
console.log(JSON.stringify(wrong));
