/* The seconds that are left to take something back. The server decides; this only counts. */
(() => {
  /* A line that is over goes, and what had the focus in it hands it on. */
  const end = (row) => {
    const hadFocus = row.contains(document.activeElement);
    row.remove();
    if (hadFocus) (document.querySelector("#main [data-heading]") || document.querySelector("#main"))?.focus({ preventScroll: true });
  };
  const tick = () => {
    for (const place of document.querySelectorAll("[data-sends-at]")) {
      const left = Math.ceil((Date.parse(place.dataset.sendsAt) - Date.now()) / 1000);
      if (left > 0) place.textContent = `in ${left} s`;
      else { const row = place.closest("[data-strip]"); if (row) end(row); else { place.removeAttribute("data-sends-at"); place.textContent = "now"; } }
    }
    for (const row of document.querySelectorAll("[data-strip][data-until]")) if (Date.parse(row.dataset.until) <= Date.now()) end(row);
  };
  setInterval(tick, 250);
})();
