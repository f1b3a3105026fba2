// A page that waits for a site's answer asks for it every few seconds, and is shown anew once there is one: never under a reader's hands
// before. Without scripts the page is loaded again by itself.

const WAITS = "data-wait-s";

async function look(timer) {
  if (document.hidden) return;
  const answer = await fetch(location.href).catch(() => null);
  if (!answer?.ok || (!answer.redirected && (await answer.text()).includes(WAITS))) return;
  clearInterval(timer);
  location.replace(answer.url);
}

export function awaitAnswer() {
  const waiting = document.querySelector(`[${WAITS}]`);
  if (!waiting) return;
  const timer = setInterval(() => look(timer), Number(waiting.getAttribute(WAITS)) * 1000);
}
