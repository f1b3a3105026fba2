// A campaign's sections change in place: the page stays where it is, and each has its address.

import htmx from "htmx.org/dist/htmx.esm.js";

const LINKS = ".tabs a";

/** The address of a section, without the place on the page that is for those who have no scripts. */
const plain = (address) => address.pathname + address.search;

async function show(address) {
  const part = document.getElementById("live");
  await htmx.ajax("GET", `${address}${address.includes("?") ? "&" : "?"}block=live`, { target: part, swap: "outerMorph" });
}

export function changeSections() {
  if (!document.querySelector(LINKS)) return;
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(LINKS);
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    history.pushState(null, "", plain(link));
    show(plain(link));
  });
  addEventListener("popstate", () => show(plain(location)));
}
