/* An open screen follows what happens. `/live` says only that something changed; the page is then fetched again and
   every region marked data-live is morphed in place, so caret, selection and scroll stay. Without `/live` it polls. */
(() => {
  const POLL_MS = 15000;
  const TICK_MS = 60000;    /* countdowns are words from the server, none older than this */
  const RETRY_MS = 60000;
  const WAIT_MS = 150;      /* several changes in one breath are one refresh */
  let source = null;
  let timer = 0;
  let poll = 0;
  let tick = 0;
  let isRefreshing = false;
  let isWanted = false;
  let isOver = false;

  const newest = (root) => root.querySelector("#items")?.dataset;
  const tell = (words) => document.dispatchEvent(new CustomEvent("desk:say", { detail: words }));

  const soon = () => { clearTimeout(timer); timer = setTimeout(refresh, WAIT_MS); };

  const refresh = async () => {
    if (isOver || document.hidden) { isWanted = true; return; }
    if (isRefreshing) { isWanted = true; return; }
    if (!document.querySelector("[data-live]")) return;
    isRefreshing = true;
    isWanted = false;
    const asked = location.href;
    try {
      const response = await fetch(asked, { headers: { "HX-Request": "true", "HX-Boosted": "true", "HX-Current-URL": asked, "X-Quiet": "yes", "X-Regions": "live" }, credentials: "same-origin", redirect: "manual" });
      if (response.status === 401 || response.type === "opaqueredirect") return over();
      const page = response.ok ? await response.text() : "";
      if (page && asked === location.href) place(new DOMParser().parseFromString(page, "text/html"));  // or they went on
    } catch { /* offline: the next poll or event tries again */ } finally {
      isRefreshing = false;
      if (isWanted) soon();
    }
  };

  const place = (fresh) => {
    const before = { ...newest(document) };
    const wasLate = late();
    for (const region of document.querySelectorAll("[data-live][id]")) {
      const next = fresh.getElementById(region.id);
      if (!next || region.contains(document.querySelector("details.more[open]"))) continue;
      keepingScroll(region, () => Idiomorph.morph(region, next, { morphStyle: "outerHTML", ignoreActiveValue: true, callbacks: { beforeNodeMorphed: keepOpen } }));
      htmx.process(document.getElementById(region.id));
    }
    const after = newest(document);
    if (after && before.ticket === after.ticket && Number(after.newest) > Number(before.newest)) tell(after.words);
    else tellLate(wasLate);
    document.dispatchEvent(new CustomEvent("desk:refreshed"));
  };
  /* A countdown is no live region. Only that a promise of a ticket in sight broke just now is said, once. */
  const late = () => new Map([...document.querySelectorAll("[data-list] a[data-ticket]")].map((row) => [row.dataset.ticket, Boolean(row.querySelector(".sla.over"))]));
  const tellLate = (before) => {
    const broken = [...late()].filter(([ticket, isLate]) => isLate && before.get(ticket) === false).map(([ticket]) => ticket);
    if (broken.length) tell(broken.length === 1 ? `Ticket ${broken[0]} is overdue` : `${broken.length} tickets are overdue`);
  };
  /* A fold that a person opened stays open; a frame that was measured, a panel that was loaded or is worked in and a
     countdown that runs are left alone. */
  const keepOpen = (old, fresh) => {
    if (old.nodeName === "DETAILS" && fresh.nodeName === "DETAILS") fresh.open = old.open;
    return !(old.nodeName === "IFRAME" || (old.dataset?.panel && (old.dataset.panel === fresh.dataset?.panel || old.contains(document.activeElement))) || (old.dataset?.sendsAt && old.dataset.sendsAt === fresh.dataset?.sendsAt));
  };
  const keepingScroll = (region, change) => {
    const holder = region.closest(".scroll") || region.querySelector(".scroll");
    const was = holder && holder.scrollTop;
    const anchor = holder && document.getElementById("items")?.contains(region) ? null : was;
    change();
    if (holder && anchor !== null) holder.scrollTop = was;
  };

  const over = () => {
    isOver = true;
    source?.close();
    clearInterval(poll);
    document.dispatchEvent(new CustomEvent("desk:trouble", { detail: "You are signed out. Open another tab, sign in, and come back: your words are still here." }));
  };
  const startPolling = () => { if (!poll) poll = setInterval(refresh, POLL_MS); };
  const stopPolling = () => { clearInterval(poll); poll = 0; };

  const listen = () => {
    const address = document.body.dataset.listen;
    if (!address || isOver) return;
    source = new EventSource(address);
    source.addEventListener("ready", () => { stopPolling(); document.body.dataset.liveState = "on"; soon(); });
    source.addEventListener("changed", (event) => {
      document.dispatchEvent(new CustomEvent("desk:topic", { detail: event.data }));
      if (concerns(event.data)) soon();
    });
    source.addEventListener("ended", () => { source.close(); refresh(); startPolling(); });
    source.addEventListener("error", () => {
      document.body.dataset.liveState = "off";
      startPolling();
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, RETRY_MS);
    });
  };
  /* Any ticket may enter or leave the list that is shown, so every topic counts on a list. Who looks changes no page. */
  const concerns = (topic) => !topic.startsWith("presence:") && Boolean(document.querySelector("[data-live]")) && isShown(topic);
  /* A search is asked anew only for tickets that it shows; every screen with a search would search at every event. */
  const isShown = (topic) => {
    const number = topic.startsWith("ticket:") && document.querySelector("main[data-view^=search]") && topic.slice(7);
    return !number || Boolean(document.querySelector(`[data-ticket="${CSS.escape(number)}"]`));
  };

  document.addEventListener("desk:stale", soon);
  document.addEventListener("visibilitychange", () => { if (!document.hidden && isWanted) soon(); });
  const tickIn = (wait) => { clearTimeout(tick); tick = setTimeout(() => { refresh(); tickIn(TICK_MS); }, wait); };
  document.addEventListener("desk:aged", (event) => tickIn(Math.max(0, TICK_MS - event.detail)));
  const start = () => { listen(); tickIn(TICK_MS); };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start); else start();
})();
