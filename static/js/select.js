/* Which tickets of the list are ticked. The ticks are a form that works without this; here they outlive a refresh of the
   list, X and Shift+X tick, and what a verb asks opens in a dialog. */
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector) => [...document.querySelectorAll(selector)];
  const boxes = () => $$("[data-list] input[name=ticket]");
  const bar = () => $("#bulk");
  const place = () => bar() ? $$("#bulk [name=in], #bulk [name=q]").map((field) => field.value).join(" ") : "";
  let chosen = new Set();
  let of = "";
  let last = "";

  const say = (words) => document.dispatchEvent(new CustomEvent("desk:say", { detail: words }));

  /* Ticks that are not on this page travel as hidden fields, so that a choice may span pages. */
  const show = () => {
    if (!bar()) return;
    const here = boxes();
    for (const box of here) box.checked = chosen.has(box.value);
    for (const field of $$("#bulk input[data-elsewhere]")) field.remove();
    for (const value of chosen) if (!here.some((box) => box.value === value)) {
      const field = Object.assign(document.createElement("input"), { type: "hidden", name: "ticket", value });
      field.dataset.elsewhere = "";
      bar().append(field);
    }
    const all = $("[name=all]", bar());
    const count = all.checked ? "" : String(chosen.size);
    $("[data-count-selected]", bar()).textContent = count;
    $("[data-words-selected]", bar()).textContent = all.checked ? "All that match are selected" : chosen.size === 1 ? "ticket selected" : "tickets selected";
    $("[data-select-page]", bar()).checked = here.length > 0 && here.every((box) => box.checked);
    bar().classList.toggle("is-open", chosen.size > 0 || all.checked);
  };
  const clear = () => { chosen = new Set(); if (bar()) $("[name=all]", bar()).checked = false; show(); };
  const refresh = () => { if (of !== place()) { of = place(); clear(); } else show(); };

  const tick = (box, on) => { if (on) chosen.add(box.value); else chosen.delete(box.value); last = box.value; };
  const current = () => {
    const row = document.activeElement.closest?.("[data-list] > li") || $("[data-list] [aria-current]")?.closest("li");
    return row && $("input[name=ticket]", row);
  };
  const range = (box) => {
    const here = boxes();
    const from = here.findIndex((one) => one.value === last);
    const to = here.indexOf(box);
    for (const one of here.slice(Math.min(from < 0 ? to : from, to), Math.max(from, to) + 1)) tick(one, true);
  };
  const press = (box, shift) => {
    if (shift) range(box); else tick(box, !chosen.has(box.value));
    show();
    say(`${chosen.size} selected`);
  };
  /* Keys come from keys.js, which knows when a plain letter is one. */
  document.addEventListener("desk:select", (event) => {
    const box = current() || boxes()[0];
    if (box) press(box, event.detail.shift);
  });

  document.addEventListener("click", (event) => {
    if (event.shiftKey && event.target.matches?.("[data-list] input[name=ticket]")) { event.preventDefault(); setTimeout(() => press(event.target, true)); }
    if (event.target.closest?.("[data-clear-selection]")) { clear(); ($("[data-list] [aria-current]") || $("#main [data-heading]"))?.focus({ preventScroll: true }); }
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-list] input[name=ticket]")) { tick(event.target, event.target.checked); show(); }
    if (event.target.matches("[data-select-page]")) { for (const box of boxes()) tick(box, event.target.checked); show(); say(`${chosen.size} selected`); }
    if (event.target.matches("#bulk [name=all]")) { show(); say(event.target.checked ? "All that match are selected" : `${chosen.size} selected`); }
  });

  /* What a verb needs is asked in the dialog; without this script it is a page of its own. */
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "bulk" || !window.htmx) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    delete event.target.dataset.sending;
    const button = event.submitter;
    const values = new FormData(event.target, button);
    const asks = button?.hasAttribute("data-bulk");
    const into = asks ? { target: "#dialog-body", select: "#card", swap: "innerHTML ignoreTitle:true" } : { target: "#main", select: "#main", swap: "morph:outerHTML show:none" };
    for (const menu of $$("#bulk details[open]")) menu.open = false;
    const form = event.target, old = $("#dialog #card-heading");
    document.dispatchEvent(new CustomEvent("desk:asks", { detail: () => { if (form.isConnected) form.requestSubmit(button); } }));
    htmx.ajax("POST", form.getAttribute("action"), { ...into, values: Object.fromEntries([...values.keys()].map((name) => [name, values.getAll(name)])) }).then(() => {
      if (!asks) { clear(); return; }
      const dialog = $("#dialog");
      if (!$("#card-heading", dialog) || $("#card-heading", dialog) === old) return;
      if (!dialog.open) dialog.showModal();
      ($("[autofocus]", dialog) || $("#card-heading", dialog)).focus();
    }, () => { /* said in the banner, which asks again */ });
  }, true);
  /* A job that began has its own set; the next choice starts anew. */
  document.addEventListener("desk:arrived", (event) => { if (event.detail?.verb === "post") clear(); refresh(); });
  document.addEventListener("desk:refreshed", refresh);
  const start = () => { of = place(); for (const box of boxes()) if (box.checked) chosen.add(box.value); show(); };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start); else start();
})();
