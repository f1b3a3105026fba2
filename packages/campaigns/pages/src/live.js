// Keeps a page current. The server says when something changed; the page then asks for its part again, and htmx morphs it in place,
// so that scroll, focus, what is typed and what is unfolded stay.

import htmx from "htmx.org/dist/htmx.esm.js";

const part = () => document.getElementById("live");

let late = false;

/** Ask for the part again; not under a selection that somebody is making, but as soon as it is gone. */
function refresh() {
  late = String(getSelection()) !== "";
  if (!late && part()) htmx.trigger(part(), "refresh");
}

/** Follow the stream of versions while the page is seen; browsers allow few connections, so hidden pages let go of theirs. */
function followVersions(address) {
  let source = null;
  const open = () => {
    source ??= new EventSource(address);
    source.addEventListener("version", ({ data }) => {
      if (data !== part()?.dataset.version) refresh();
    });
    source.addEventListener("error", () => {
      if (source?.readyState === EventSource.CLOSED) {
        source = null;
        setTimeout(visible, 5000);
      }
    });
  };
  const close = () => {
    source?.close();
    source = null;
  };
  const visible = () => (document.hidden ? close() : source ?? open());
  document.addEventListener("visibilitychange", visible);
  addEventListener("pagehide", close);
  addEventListener("pageshow", visible);
  visible();
}

/** Ask again every few seconds, for pages about many things at once. */
function poll(seconds) {
  setInterval(() => document.hidden || refresh(), seconds * 1000);
}

function tellTitle() {
  const title = part()?.dataset.title;
  if (title) document.title = title;
}

export function follow() {
  const live = part();
  if (!live) return;
  if (live.dataset.live) followVersions(live.dataset.live);
  if (live.dataset.pollS) poll(Number(live.dataset.pollS));
  document.addEventListener("htmx:after:swap", tellTitle);
  document.addEventListener("selectionchange", () => late && refresh());
}
