/* Finding a macro by typing: what does not fit goes out of sight, Enter takes the first, arrows walk. */
(() => {
  const box = (root) => root.closest("[data-macros]");
  const shown = (root) => [...root.querySelectorAll("[data-macro]:not([hidden]) button")];
  document.addEventListener("input", (event) => {
    if (!event.target.matches?.("[data-macro-filter]")) return;
    const root = box(event.target);
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const item of root.querySelectorAll("[data-macro]")) {
      const text = item.textContent.toLowerCase();
      item.hidden = !words.every((word) => text.includes(word));
    }
    root.querySelector("[data-macro-none]").hidden = shown(root).length > 0;
  });
  document.addEventListener("keydown", (event) => {
    const root = event.target.closest?.("[data-macros]");
    if (!root || !["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) return;
    const buttons = shown(root);
    const at = buttons.indexOf(document.activeElement);
    if (event.key === "Enter") {
      if (event.target.matches("[data-macro-filter]") && buttons[0]) { event.preventDefault(); buttons[0].click(); }
      return;
    }
    event.preventDefault();
    const next = event.key === "ArrowDown" ? at + 1 : at - 1;
    (buttons[next] || (next < 0 ? root.querySelector("[data-macro-filter]") : buttons[buttons.length - 1]))?.focus();
  });
})();
