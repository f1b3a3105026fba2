// How many campaigns are chosen in the list, told on the button that compares them.

export function countPicked() {
  const button = document.getElementById("compare-picked");
  if (!button) return;
  const tell = () => {
    const number = document.querySelectorAll(".pick input:checked").length;
    button.textContent = number > 1 ? `compare ${number}` : "compare…";
    button.title = number > 1 ? "" : "Tick two or more campaigns below, or press to be asked.";
  };
  // What was ticked may have left the list when it is refreshed.
  for (const name of ["change", "htmx:after:swap"]) document.addEventListener(name, tell);
  addEventListener("pageshow", tell);
  tell();
}
