// Files that are dropped on a form, or pasted into it, go into its field for files; without this the field does it alone.

const fieldOf = (event) => event.target.closest?.("form[data-drop]")?.querySelector("input[data-files]");

/** Put files beside those that were chosen already. */
function add(field, files) {
  const all = new DataTransfer();
  for (const file of [...field.files, ...files]) all.items.add(file);
  field.files = all.files;
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

export function takeFiles() {
  document.addEventListener("dragover", (event) => {
    const field = fieldOf(event);
    if (!field || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    field.form.classList.add("over");
  });
  for (const name of ["dragleave", "dragend", "drop"]) {
    document.addEventListener(name, (event) => fieldOf(event)?.form.classList.remove("over"));
  }
  document.addEventListener("drop", (event) => {
    const field = fieldOf(event);
    if (!field || !event.dataTransfer.files.length) return;
    event.preventDefault();
    add(field, event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    const field = fieldOf(event);
    const files = event.clipboardData?.files ?? [];
    if (!field || !files.length) return;
    event.preventDefault();
    add(field, files);
  });
}
