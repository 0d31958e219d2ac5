/* Who else is here. A screen says every few seconds which ticket it shows and whether an answer is being written; the
   server keeps that for one lease. `/live` says when somebody else came, went or began to write, and then we ask. */
(() => {
  const BEAT_MS = 6000;       /* a lease is 18 s: two lost beats end nothing */
  const WRITING_MS = 60000;   /* who typed within this, and has words in the box, is replying */
  const BREATH_MS = 1000;     /* several changes in one breath are one question */
  const screen = Math.floor(Math.random() * (2 ** 53 - 2)) + 1;
  const $$ = (selector) => [...document.querySelectorAll(selector)];
  let known = { rows: {}, banner: "" };
  let typedAt = 0;
  let isAsking = false;
  let isWanted = false;
  let lastAsked = 0;
  let timer = 0;
  let isOver = false;

  const main = () => document.querySelector("#main[data-presence]");
  const here = () => Number(document.querySelector("#conversation")?.dataset.ticket || 0);
  const rows = () => $$("[data-list] a[data-ticket]").map((link) => link.dataset.ticket);
  const doing = () => {
    const form = document.querySelector("form[data-composer]");
    const isReply = form?.querySelector("[name=kind]:checked")?.value !== "note";
    return isReply && form?.querySelector("textarea")?.value.trim() && Date.now() - typedAt < WRITING_MS ? "replying" : "viewing";
  };
  const token = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";
  const said = () => new URLSearchParams({ screen, ticket: here(), doing: doing(), rows: rows().slice(0, 60).join(",") });

  const ask = async () => {
    clearTimeout(timer);
    timer = 0;
    if (!main() || isOver) return;
    if (isAsking) { isWanted = true; return; }
    isAsking = true;
    isWanted = false;
    lastAsked = Date.now();
    const address = main().dataset.presence, isPost = main().dataset.works === "yes";
    const options = { credentials: "same-origin", redirect: "manual", headers: { "X-CSRFToken": token(), "HX-Request": "true" } };
    try {
      const response = isPost
        ? await fetch(address, { ...options, method: "POST", body: said() })
        : await fetch(`${address}?${said()}`, options);
      if (response.status === 401 || response.status === 403) isOver = true;
      if (response.ok) { known = await response.json(); show(); }
    } catch { /* offline: the next beat tries again */ } finally {
      isAsking = false;
      if (isWanted) soon();
      else if (known.left !== null && known.left !== undefined && !timer) timer = setTimeout(ask, Math.max(BREATH_MS, Math.min(known.left + 300, BEAT_MS)));
    }
  };
  const soon = () => {
    if (isAsking) { isWanted = true; return; }
    clearTimeout(timer);
    timer = setTimeout(ask, Math.max(0, lastAsked + BREATH_MS - Date.now()));
  };

  /* Only what differs is written: a status region that is written again is read again. */
  const put = (place, html) => { if (place && place.dataset.shown !== html) { place.innerHTML = html; place.dataset.shown = html; } };
  const show = () => {
    put(document.getElementById("who"), known.banner || "");
    for (const place of $$("[data-here]")) put(place, known.rows?.[place.dataset.here] || "");
    document.dispatchEvent(new CustomEvent("desk:others"));
  };

  document.addEventListener("input", (event) => {
    if (!event.target.matches?.("form[data-composer] textarea")) return;
    const before = doing();
    typedAt = Date.now();
    if (doing() !== before) soon();
  });
  document.addEventListener("desk:topic", (event) => {
    const [name, number] = event.detail.split(":");
    if (event.detail === "all" || (name === "presence" && (Number(number) === here() || rows().includes(number)))) soon();
  });
  document.addEventListener("htmx:afterSwap", show);
  document.addEventListener("desk:refreshed", show);
  document.addEventListener("desk:arrived", () => { typedAt = 0; ask(); });
  window.addEventListener("pagehide", () => {
    if (!main() || main().dataset.works !== "yes" || !here()) return;
    const form = new FormData();
    for (const [name, value] of Object.entries({ screen, ticket: 0, csrfmiddlewaretoken: token() })) form.append(name, value);
    navigator.sendBeacon(main().dataset.presence, form);
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) ask(); });
  setInterval(() => { if (here() || document.body.dataset.liveState === "off") ask(); }, BEAT_MS);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ask); else ask();
})();
