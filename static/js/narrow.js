/* A long list in a dialog is narrowed by typing: what does not fit goes out of sight, and 1 to 9 choose what is shown, in
   that order. Enter takes the first, arrows walk, Escape clears before it closes. */
(() => {
  const DIGITS = 9;
  const boxOf = (element) => element.closest?.("[data-narrow]");
  const rows = (box) => [...box.querySelectorAll("[data-narrow-row]")];
  const shown = (box) => rows(box).filter((row) => !row.hidden);
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  const number = (box) => shown(box).forEach((row, at) => {
    const mark = row.querySelector("kbd");
    mark.hidden = at >= DIGITS;
    mark.textContent = String(at + 1);
    if (at < DIGITS) row.dataset.key = String(at + 1); else delete row.dataset.key;
  });
  const narrow = (box, typed) => {
    const words = plain(typed).split(/\s+/).filter(Boolean);
    for (const row of rows(box)) {
      const text = plain(row.querySelector("[data-narrow-text]").textContent);
      row.hidden = !words.every((word) => text.includes(word));
      if (row.hidden) delete row.dataset.key;
    }
    number(box);
    const left = shown(box).length;
    box.querySelector("[data-narrow-none]").hidden = left > 0;
    box.querySelector("[data-narrow-says]").textContent = words.length ? `${left} of ${rows(box).length}` : "";
  };

  document.addEventListener("input", (event) => {
    if (event.target.matches?.("[data-narrow-by]")) narrow(boxOf(event.target), event.target.value);
  });
  document.addEventListener("keydown", (event) => {
    const box = boxOf(event.target);
    if (!box || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const field = box.querySelector("[data-narrow-by]");
    const isField = event.target === field;
    if (event.key === "Enter" && isField) { event.preventDefault(); if (field.value.trim()) shown(box)[0]?.click(); return; }
    if (event.key === "Escape" && isField && field.value) { event.preventDefault(); event.stopPropagation(); field.value = ""; narrow(box, ""); return; }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const all = [...box.querySelectorAll("button:not([hidden])")];
    const to = all.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1);
    event.preventDefault();
    (all[to] || (to < 0 ? field : null))?.focus();
  }, true);
})();
