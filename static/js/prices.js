/* What a year saves, while the prices are being typed. The server says it too, once they are saved. */
(() => {
  "use strict";
  const form = document.querySelector("[data-prices]");
  if (!form) return;
  const shown = new Intl.NumberFormat("en", { style: "currency", currency: form.dataset.currency });

  function amount(row, name) {
    const input = row.querySelector(`[name^=${name}_]`);
    const typed = input ? input.value.replace(/[^0-9.]/g, "") : "";
    return typed === "" ? NaN : Number(typed);
  }

  function tell(row) {
    const saving = 12 * amount(row, "monthly") - amount(row, "yearly");
    const words = row.querySelector("[data-saving]");
    if (Number.isNaN(saving)) words.textContent = "";
    else if (saving > 0) words.textContent = `A year saves ${shown.format(saving)}`;
    else words.textContent = saving === 0 ? "A year saves nothing" : `A year costs ${shown.format(-saving)} more`;
  }

  for (const row of form.querySelectorAll(".sizes")) {
    row.addEventListener("input", () => tell(row));
    tell(row);
  }
})();
