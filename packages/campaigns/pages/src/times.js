// Keeps relative times current, in the same words as the server's.

const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

export function relative(then, now) {
  const seconds = Math.trunc((now - then) / 1000);
  const size = Math.abs(seconds);
  if (size < 10) return "just now";
  if (size > 60 * 86400) return new Date(then).toISOString().slice(0, 10);
  const [length, unit] = UNITS.find(([seconds]) => size >= seconds);
  const told = `${Math.floor(size / length)} ${unit}`;
  return seconds > 0 ? `${told} ago` : `in ${told}`;
}

function update() {
  for (const time of document.querySelectorAll("time[data-relative]")) {
    const text = relative(Date.parse(time.dateTime), Date.now());
    if (time.textContent !== text) time.textContent = text;
  }
}

export function keepTimesCurrent() {
  setInterval(update, 10_000);
}
