// Line numbers beside the text, and going to a line.

/** Show the numbers of the lines that are seen. */
export function gutter(text) {
  const column = text.previousElementSibling;
  const lines = text.value.split("\n").length;
  if (column.childElementCount !== lines) {
    column.replaceChildren(...Array.from({ length: lines }, (_, index) => Object.assign(document.createElement("span"), { textContent: index + 1 })));
  }
  column.scrollTop = text.scrollTop;
}

/** Select a line, counted from 1, and bring it into sight. */
export function goTo(text, line) {
  const lines = text.value.split("\n");
  const begin = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  text.focus();
  text.setSelectionRange(begin, begin + (lines[line - 1]?.length ?? 0));
  text.scrollTop = Math.max(0, (line - 6) * (text.scrollHeight / lines.length));
  gutter(text);
}
