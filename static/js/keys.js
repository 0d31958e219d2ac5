/* Keys. Whatever carries data-key="r" is pressed or focused by that key; data-key="g i" by two in a row.
   Plain letters are ignored while typing, with modifiers, and for people who switched them off (WCAG 2.1.4). */
(() => {
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const CHORD_MS = 1200;
  let prefix = "";
  let timer = 0;

  const isTyping = (element) => Boolean(element?.closest?.("input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit]), textarea, select, [contenteditable]"));
  const isShown = (element) => element.getClientRects().length > 0;
  const scope = () => document.querySelector("dialog[open]") || document;

  /* What stands in a box that counts only while it is shown, such as the bar of selected tickets, comes first then. */
  const box = (element) => element.closest("[data-when-shown]");
  const find = (key) => {
    const root = scope();
    const all = $$("[data-key]", root).filter((element) => element.dataset.key.split("|").includes(key) && (root !== document || !element.closest("dialog")) && (!box(element) || isShown(box(element))));
    return all.find(box) || all.find(isShown) || all.find((element) => !element.closest("dialog")) || null;
  };
  const isPrefix = (key) => $$("[data-key]", scope()).some((element) => element.dataset.key.split("|").some((known) => known.startsWith(key + " ")));

  const press = (element) => {
    const holder = element.closest("details:not([open])");
    if (element.closest(".for-reply") && !isShown(element)) document.querySelector("#composer [name=kind][value=reply]").checked = true;
    if (holder && element.matches("input, textarea, select")) holder.open = true;
    if (element.matches("input[type=radio]")) { element.checked = true; element.dispatchEvent(new Event("change", { bubbles: true })); }
    else if (element.matches("input[type=checkbox]")) element.click();
    else if (element.matches("input, textarea, select")) element.focus();
    else if (element.matches("summary")) { element.parentElement.open = true; element.focus(); }
    else element.click();
    const next = element.dataset.focus && document.querySelector(element.dataset.focus);
    if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
  };

  document.addEventListener("desk:press", (event) => press(event.detail));   /* chosen in the palette */

  const step = (by) => {
    const links = $$("[data-list] a[data-ticket]");
    if (!links.length) return;
    const at = links.findIndex((link) => link.hasAttribute("aria-current"));
    const to = at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by;
    if (to >= links.length) document.querySelector("[data-list] [data-more]")?.click();
    else if (to >= 0) { links[to].focus(); links[to].click(); }
  };

  const onWriting = (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return false;
    const form = event.target.closest?.("form[data-composer]");
    if (!form) return false;
    const wanted = event.shiftKey ? "ctrl+shift+enter" : "ctrl+enter";
    const button = $$("[data-send]", form).filter(isShown).find((one) => one.dataset.send.split("|").includes(wanted))
      || $$("[data-send]", form).find((one) => one.dataset.send.split("|").includes(wanted) && !one.disabled);
    if (!button) return false;
    event.preventDefault();
    button.click();
    return true;
  };

  document.addEventListener("keydown", (event) => {
    if (onWriting(event)) return;
    if (event.key === "Escape" && isTyping(event.target) && !document.querySelector("dialog[open]") && event.target.closest("form")) { event.target.blur(); document.querySelector("[data-heading]")?.focus({ preventScroll: true }); return; }
    if (document.body.dataset.keys !== "on" || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
    if (event.key === "Enter" && event.target.closest?.("a, button, summary, input, iframe")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.shiftKey && /^[a-z]$/.test(key) && key !== "x") return;   // Shift is part of ? and *, and of X for a range
    if (event.repeat && !["j", "k"].includes(key)) return;
    clearTimeout(timer);
    const both = prefix ? `${prefix} ${key}` : key;
    prefix = "";
    if (!document.querySelector("dialog[open]") && (both === "j" || both === "k")) { event.preventDefault(); step(both === "j" ? 1 : -1); return; }
    if (!document.querySelector("dialog[open]") && both === "x" && document.querySelector("#bulk")) { event.preventDefault(); document.dispatchEvent(new CustomEvent("desk:select", { detail: { shift: event.shiftKey } })); return; }
    const element = find(both) || (both === key ? null : find(key));
    if (element) { event.preventDefault(); press(element); return; }
    if (isPrefix(key)) { prefix = key; timer = setTimeout(() => { prefix = ""; }, CHORD_MS); }
  });

  /* The list of keys tells the truth about this page: what is not here is not listed, what is here and was not listed is. */
  const NAMES = { esc: "Escape", "↵": "Enter", enter: "Enter" };
  const BUILT_IN = { j: "[data-list] a[data-ticket]", k: "[data-list] a[data-ticket]", x: "#bulk", "shift x": "#bulk", ";": "form[data-composer]", "@": "form[data-composer]", "ctrl enter": "form[data-composer]", "ctrl shift enter": "form[data-composer]" };
  const known = () => new Set($$("[data-key]").filter((element) => !element.closest("dialog")).flatMap((element) => element.dataset.key.split("|")));
  const isHere = (key, here) => (key in BUILT_IN ? Boolean(document.querySelector(BUILT_IN[key])) : here.has(key) || key === "Escape" || key.startsWith("ctrl"));
  const nameOf = (element) => {
    const words = element.cloneNode(true);
    for (const part of words.querySelectorAll("kbd, .n, svg")) part.remove();
    return (element.getAttribute("aria-label") || words.textContent || element.title).replace(/\s+/g, " ").trim();
  };
  const tellTheTruth = (list) => {
    const here = known();
    const told = new Set();
    for (const dd of list.querySelectorAll("dl:not([data-more-keys] dl) dd")) {
      const keys = [...dd.querySelectorAll("kbd")].map((kbd) => { const name = kbd.textContent.trim().toLowerCase(); return NAMES[name] || name; });
      const joined = keys.join(" ").replace("Enter", "enter");
      const ways = joined in BUILT_IN || joined.startsWith("ctrl") || here.has(joined) ? [joined] : keys;
      const isTrue = ways.some((key) => isHere(key, here));
      dd.hidden = dd.previousElementSibling.hidden = !isTrue;
      if (isTrue) ways.forEach((key) => told.add(key));
    }
    const more = list.querySelector("[data-more-keys]");
    const extra = $$("[data-key]").filter((element) => !element.closest("dialog") && !box(element) && !element.dataset.key.split("|").some((key) => told.has(key)) && nameOf(element));
    more.hidden = !extra.length;
    const rows = new Map(extra.map((element) => [element.dataset.key.split("|")[0], nameOf(element)]));
    more.querySelector("dl").replaceChildren(...[...rows].flatMap(([key, words]) => {
      const dt = document.createElement("dt");
      const dd = document.createElement("dd");
      dt.textContent = words;
      dd.append(...key.split(" ").flatMap((part) => { const kbd = document.createElement("kbd"); kbd.textContent = part.length === 1 ? part.toUpperCase() : part; return [kbd, " "]; }));
      return [dt, dd];
    }));
    for (const group of list.querySelectorAll(".cols > .stack:not([data-more-keys])")) group.hidden = ![...group.querySelectorAll("dd")].some((dd) => !dd.hidden);
  };
  document.addEventListener("click", (event) => {
    const list = event.target.closest?.("[data-open=keys]") && document.querySelector("#keys");
    if (list) tellTheTruth(list);
  }, true);
})();
