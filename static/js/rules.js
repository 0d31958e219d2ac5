/* A row of a rule offers the words and the question that fit what it asks about. Everything works without it. */
(() => {
  const ways = { subject: ["contains", "contains_not"], message: ["contains", "contains_not"], tag: ["has", "has_not"] };
  const usual = ["is", "is_not"];

  const settle = (row) => {
    const what = row.querySelector("select[name$=_what]");
    const how = row.querySelector("select[name$=_op]");
    const value = row.querySelector("input[name$=_value]");
    const list = `${row.dataset.ruleRow}-${what.value}`;
    if (document.getElementById(list)) value.setAttribute("list", list); else value.removeAttribute("list");
    if (how && what.value) {
      const fits = ways[what.value] || usual;
      for (const option of how.options) option.hidden = option.disabled = !fits.includes(option.value);
      if (!fits.includes(how.value)) how.value = fits[how.value.endsWith("_not") ? 1 : 0];
    }
  };
  document.addEventListener("change", (event) => {
    const row = event.target.closest?.("[data-rule-row]");
    if (row && event.target.matches("select[name$=_what]")) settle(row);
  });
  const start = () => document.querySelectorAll("[data-rule-row]").forEach(settle);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start); else start();
})();
