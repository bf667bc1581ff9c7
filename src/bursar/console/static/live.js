// Tells the page's parts that there is something new (`moved` on the body, which htmx triggers listen to).
// One stream for the whole page, none while nobody looks at it; without a stream the parts ask now and then.
"use strict";

(() => {
  const POLL_MS = 15_000;
  const body = document.body;
  const where = body.dataset.live;
  if (!where) return;

  const say = (state) => {
    for (const one of document.querySelectorAll("[data-live-state]")) {
      one.dataset.state = state;
      one.textContent = state === "live" ? "live" : "checks now and then";
    }
  };
  const moved = () => window.htmx && window.htmx.trigger(body, "moved");

  let source = null;
  let timer = null;

  const poll = () => {
    say("polls");
    timer ??= setInterval(moved, POLL_MS);
  };
  const stop = () => {
    if (source) source.close();
    source = null;
    clearInterval(timer);
    timer = null;
  };
  const start = () => {
    if (source) return;
    if (!window.EventSource) return poll();
    source = new EventSource(where);
    source.addEventListener("open", () => {
      clearInterval(timer);
      timer = null;
      say("live");
    });
    source.addEventListener("moved", moved);
    source.addEventListener("signed-out", () => location.reload());
    source.addEventListener("closing", () => source && source.close());
    source.addEventListener("error", poll);
  };

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return stop();
    start();
    moved();
  });
  addEventListener("pagehide", stop);
  start();
})();
