// How much is chosen by the ticks of a page, told on the button that does something with it.

/** Have a button tell anew whenever a tick changes, or what was ticked may have left the page. */
function tellOn(button, tell) {
  if (!button) return;
  for (const name of ["change", "htmx:after:swap"]) document.addEventListener(name, tell);
  addEventListener("pageshow", tell);
  tell();
}

function comparing(button) {
  const number = document.querySelectorAll(".pick input:checked").length;
  button.textContent = number > 1 ? `compare ${number}` : "compare…";
  button.title = number > 1 ? "" : "Tick two or more campaigns below, or press to be asked.";
}

function excluding(button) {
  const chosen = [...document.querySelectorAll('#proposals input[name="pick"]:checked')];
  const failed = chosen.reduce((sum, one) => sum + Number(one.dataset.failed), 0);
  const of = chosen.length === 1 ? "its" : "their";
  const more = chosen.length && "coarse" in button.dataset ? `; only ${failed} of ${of} quanta failed` : "";
  button.textContent = `exclude ${chosen.length} ${button.dataset.picks}${chosen.length === 1 ? "" : "s"}${more}`;
  button.disabled = chosen.length === 0;
}

export function countPicked() {
  const compare = document.getElementById("compare-picked");
  const exclude = document.getElementById("exclude-do");
  tellOn(compare, () => comparing(compare));
  tellOn(exclude, () => excluding(exclude));
}
