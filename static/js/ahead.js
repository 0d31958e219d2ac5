/* The next ticket is fetched while this one is read, so that it stands there at once (U1). The copy is dropped as soon
   as `/live` says that something about it changed, and looked at again when it is shown. Fetching marks nothing as
   read. After a reply or a close the server says whether the copy is still what it would send. */
(() => {
  const IDLE_MS = 400;
  const FRESH_MS = 60000;
  const DEAF_MS = 3000;       /* without `/live` nobody tells us of changes */
  const BETWEEN_MS = 4000;    /* a busy ticket is not fetched again and again */
  let copy = null;
  let pending = null;
  let timer = 0;
  let fetchedAt = 0;
  let isFetching = false;

  const main = () => document.getElementById("main");
  const pathOf = (address) => { const url = new URL(address, location.href); return url.pathname + url.search; };
  const panes = window.deskPanes;
  const hold = (held) => { copy = held; document.body.dataset.ahead = held ? held.path : ""; };
  const isHeld = (path) => Boolean(copy) && copy.path === pathOf(path)
    && Date.now() - copy.at < (document.body.dataset.liveState === "on" ? FRESH_MS : DEAF_MS);

  /* As the server goes on: the ticket after this one, else the list's first, passing over those that others have open. */
  const next = () => {
    const links = [...document.querySelectorAll("[data-list] a[data-ticket]")];
    const at = links.findIndex((link) => link.hasAttribute("aria-current"));
    if (at < 0) return null;
    const round = [...links.slice(at + 1), ...links.slice(0, at)];
    return round.find((link) => !link.querySelector("[data-here] > *")) || round[0] || null;
  };

  const plan = () => {
    clearTimeout(timer);
    timer = setTimeout(() => (window.requestIdleCallback || setTimeout)(look), Math.max(IDLE_MS, fetchedAt + BETWEEN_MS - Date.now()));
  };
  const arrived = () => { fetchedAt = 0; plan(); };
  const look = async () => {
    const link = next();
    if (!link || isFetching || document.hidden || !document.getElementById("conversation") || navigator.connection?.saveData) return;
    const path = pathOf(link.href);
    if (isHeld(path)) return;
    isFetching = true;
    fetchedAt = Date.now();
    const wanted = { path, ticket: link.dataset.ticket, at: fetchedAt, isStale: false, isOld: false };
    hold(null);
    pending = wanted;
    try {
      const response = await fetch(path, { credentials: "same-origin", redirect: "manual", priority: "low", headers: { "HX-Request": "true", "HX-Boosted": "true", "X-Quiet": "yes", ...panes.asked() } });
      const html = response.status === 200 ? await response.text() : "";
      const visit = html.match(/id="conversation"[^>]*data-visit="(\d+)"/);
      if (visit && !wanted.isStale) hold({ ...wanted, html, visit: visit[1] });
    } catch { /* offline: the next arrival tries again */ } finally { isFetching = false; pending = null; }
  };

  /* Put the copy in, as htmx would have put in an answer. `elt` is what asked for it. It is looked at again when
     anything at all has changed since it was fetched; else when its minute is over, as every page. */
  const show = (path, elt, hasChanged) => {
    const held = copy;
    hold(null);
    if (path !== location.pathname + location.search) history.pushState({ htmx: true }, "", path);
    htmx.swap(main(), panes.whole(held.html), { swapStyle: "morph:outerHTML", swapDelay: 0, settleDelay: 0 }, {
      select: "#main", contextElement: main(),
      eventInfo: { elt, target: main(), requestConfig: { elt, verb: "get", path }, xhr: { status: 200 } },
    });
    if (hasChanged || held.isOld || document.body.dataset.liveState !== "on") document.dispatchEvent(new CustomEvent("desk:stale"));
    else document.dispatchEvent(new CustomEvent("desk:aged", { detail: Date.now() - held.at }));
  };

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb === "post" && copy && isHeld(copy.path)) event.detail.headers["X-Ahead"] = `${copy.path} ${copy.visit}`;
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { requestConfig, target } = event.detail;
    if (event.defaultPrevented || requestConfig.verb !== "get" || target?.id !== "main" || !isHeld(requestConfig.path) || !panes.fits(copy.html)) return;
    event.preventDefault();
    show(copy.path, requestConfig.elt, false);
  });
  document.addEventListener("desk:ahead", (event) => {
    const { path, elt } = event.detail;
    if (copy && copy.path === path && panes.fits(copy.html)) show(path, elt, true);
    else htmx.ajax("GET", path, { source: main(), target: "#main", select: "#main", swap: "morph:outerHTML show:none", push: path });
  });
  document.addEventListener("desk:topic", (event) => {
    const number = event.detail.startsWith("ticket:") ? event.detail.slice(7) : "";
    for (const held of [copy, pending]) if (held) {
      held.isOld ||= !event.detail.startsWith("presence:");
      held.isStale ||= event.detail === "all" || held.ticket === number;
    }
    if (copy?.isStale) { hold(null); plan(); }
  });
  for (const name of ["desk:refreshed", "desk:others"]) document.addEventListener(name, plan);
  document.addEventListener("desk:arrived", arrived);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", arrived); else arrived();
})();
