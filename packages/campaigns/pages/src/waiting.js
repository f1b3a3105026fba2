// A page that waits for a site's answer asks for it every few seconds, and is shown anew once there is one: never under a reader's hands
// before. Only the parts that tell how far it is are renewed meanwhile. Without scripts the page is loaded again by itself.

const WAITS = "data-wait-s";
const ANEW = "data-anew";

async function look(timer) {
  if (document.hidden) return;
  const answer = await fetch(location.href).catch(() => null);
  if (!answer?.ok) return;
  const text = answer.redirected ? "" : await answer.text();
  if (text.includes(WAITS)) {
    renew(text);
    return;
  }
  clearInterval(timer);
  location.replace(answer.url);
}

function renew(text) {
  const come = new DOMParser().parseFromString(text, "text/html");
  for (const part of document.querySelectorAll(`[${ANEW}]`)) {
    const newer = come.getElementById(part.id);
    if (newer && newer.innerHTML !== part.innerHTML) part.replaceChildren(...newer.childNodes);
  }
}

export function awaitAnswer() {
  const waiting = document.querySelector(`[${WAITS}]`);
  if (!waiting) return;
  const timer = setInterval(() => look(timer), Number(waiting.getAttribute(WAITS)) * 1000);
}
