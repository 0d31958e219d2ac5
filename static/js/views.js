/* How many tickets each saved view holds. Counted beside the page, at most every twenty seconds, and written again
   after each swap, so that no screen waits for a slow search. */
(() => {
  const EVERY_MS = 20000;
  let known = {};
  let askedAt = -EVERY_MS;

  const places = () => [...document.querySelectorAll("[data-count]")];
  const show = () => { for (const place of places()) place.textContent = known[place.dataset.count] ?? ""; };
  const ask = async () => {
    const address = document.querySelector("#main[data-counts]")?.dataset.counts;
    show();
    if (!address || !places().length || document.hidden || Date.now() - askedAt < EVERY_MS) return;
    askedAt = Date.now();
    try {
      const response = await fetch(address, { credentials: "same-origin", redirect: "manual", headers: { "HX-Request": "true" } });
      if (response.ok) { known = await response.json(); show(); }
    } catch { /* offline: the next change asks again */ }
  };
  document.addEventListener("htmx:afterSwap", show);
  document.addEventListener("desk:refreshed", ask);
  document.addEventListener("desk:arrived", ask);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ask); else ask();
})();
