/* The palette: Ctrl or Cmd+K, a few letters, Enter. Actions come from what this page offers: whatever carries data-key,
   with its name and its key, so that the palette, the keys and the page can never disagree. Everything else comes from
   the server; an older answer never covers a newer question. Focus stays in the box (the combobox pattern). */
(() => {
  const WAIT_MS = 60;
  const MOST_ACTIONS = 7;
  const dialog = () => document.getElementById("palette");
  const box = () => document.getElementById("palette-q");
  const list = () => document.getElementById("palette-list");
  /* Other words that people look for, by key. */
  const ALSO = { r: "answer respond write", n: "comment private internal", a: "give owner agent", m: "take mine claim", h: "later remind sleep tomorrow", e: "solve done resolve archive", c: "why category", f: "date due", w: "pending", d: "type priority tags edit", o: "reopen", x: "tick mark", "/": "find look", "?": "shortcuts help", b: "apply", z: "take back" };
  let actions = [];
  let timer = 0;
  let asked = 0;
  let shown = 0;
  let request = null;
  let fetched = "";
  let enters = false;
  let moved = false;

  const plain = (words) => words.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().trim();
  const words = (element) => {
    const label = element.getAttribute("aria-label") || (element.labels && element.labels[0]?.textContent);
    if (label) return label.replace(/, [A-Z]$/, "").trim();
    const copy = element.cloneNode(true);
    for (const extra of copy.querySelectorAll("kbd, .n, .num, svg, .avatar")) extra.remove();
    return copy.textContent.replace(/\s+/g, " ").trim();
  };
  const icon = (element) => element.querySelector("svg use")?.getAttribute("href") || document.querySelector(".rail svg.ico use")?.getAttribute("href")?.replace(/#.*/, "#arrow") || "";

  /* What the list of keys calls each key. */
  const names = () => {
    const found = new Map();
    for (const dt of document.querySelectorAll("#keys dt")) {
      const key = [...dt.nextElementSibling.querySelectorAll("kbd")].map((sign) => sign.textContent.trim().toLowerCase()).join(" ");
      if (key) found.set(key, dt.textContent.trim());
    }
    return found;
  };
  const isThere = (element) => {
    const box = element.closest("[data-when-shown]");
    return !element.closest("dialog, [hidden], [inert]") && !element.disabled && (!box || box.getClientRects().length > 0);
  };
  /* What belongs to the open ticket first, then what leads elsewhere. */
  const gather = () => {
    const found = new Map();
    const known = names();
    const here = [...document.querySelectorAll("[data-key]")].filter(isThere);
    for (const element of [...here.filter((one) => one.closest("#main")), ...here]) {
      const key = element.dataset.key.split("|")[0];
      if (key === "Escape" || key === "Enter" || key === "y") continue;
      const title = element.dataset.title || known.get(key.toLowerCase()) || words(element);
      if (title && !found.has(key)) found.set(key, { element, key, title, text: plain(title), also: plain(ALSO[key] || ""), icon: icon(element) });
    }
    return [...found.values()];
  };

  /* 0 is best, 9 is not at all. */
  const slip = (typed, part) => {   /* one letter wrong, missing, too many, or two swapped */
    if (typed.length < 4) return false;
    for (const head of [part.slice(0, typed.length), part.slice(0, typed.length - 1), part.slice(0, typed.length + 1)]) {
      let from = 0;
      while (from < Math.min(typed.length, head.length) && typed[from] === head[from]) from += 1;
      const rest = typed.slice(from);
      const other = head.slice(from);
      if (rest.slice(1) === other.slice(1) || rest.slice(1) === other || rest === other.slice(1)) return true;
      if (rest.length > 1 && rest[0] === other[1] && rest[1] === other[0] && rest.slice(2) === other.slice(2)) return true;
    }
    return false;
  };
  const rank = (action, typed) => {
    if (!typed) return 5;
    if (action.text === typed || action.key === typed) return 0;
    if (action.text.startsWith(typed)) return 1;
    const parts = action.text.split(" ");
    const all = typed.split(" ");
    if (all.every((word) => parts.some((part) => part.startsWith(word)))) return 2;
    const also = action.also.split(" ");
    if (typed.length > 1 && all.every((word) => [...parts, ...also].some((part) => part.startsWith(word)))) return 3;
    if (typed.length > 2 && action.text.includes(typed)) return 4;
    return all.every((word) => [...parts, ...also].some((part) => part.startsWith(word) || slip(word, part))) ? 6 : 9;
  };

  const option = (action, isMeant) => {
    const item = document.createElement("li");
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    picture.setAttribute("class", "ico");
    picture.setAttribute("aria-hidden", "true");
    picture.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "use")).setAttribute("href", action.icon);
    const title = document.createElement("span");
    title.className = "clip";
    title.textContent = action.title;
    item.append(picture, title);
    for (const sign of action.key.split(" ")) { const key = document.createElement("kbd"); key.textContent = sign.length === 1 ? sign.toUpperCase() : sign; item.append(key); }
    item.isMeant = isMeant;
    item.run = () => document.dispatchEvent(new CustomEvent("desk:press", { detail: action.element }));
    return item;
  };
  const group = (title) => { const item = document.createElement("li"); item.setAttribute("role", "presentation"); item.className = "grp"; item.textContent = title; return item; };

  const options = () => [...list().querySelectorAll("[role=option]")];
  const selected = () => list().querySelector("[aria-selected=true]");
  const select = (item) => {
    for (const one of options()) one.setAttribute("aria-selected", String(one === item));
    if (item) { box().setAttribute("aria-activedescendant", item.id); item.scrollIntoView({ block: "nearest" }); }
    else box().removeAttribute("aria-activedescendant");
  };

  const paint = () => {
    const typed = plain(box().value);
    const kept = moved ? selected()?.textContent : "";
    const ranked = actions.map((action) => [rank(action, typed), action]).filter(([place]) => place < 9).sort((one, other) => one[0] - other[0]);
    const own = ranked.slice(0, typed ? MOST_ACTIONS : 50).map(([place, action]) => option(action, place < 5));
    const rest = document.createElement("ul");
    rest.innerHTML = fetched;   /* our own server's answer; text in it is escaped there */
    const found = [...rest.children];
    const strong = ranked.length && ranked[0][0] < 5;
    const exact = Boolean(rest.querySelector("[data-exact]"));
    const first = own.length ? [group("Actions"), ...own] : [];
    const search = typed ? [group("Everywhere"), everywhere()] : [];
    list().replaceChildren(...(exact || !strong ? [...found, ...first] : [...first, ...found]), ...search);
    options().forEach((item, number) => { item.id = `palette-${number}`; });
    box().setAttribute("aria-expanded", String(options().length > 0));
    select((kept && options().find((item) => item.textContent === kept)) || options()[0] || null);
  };
  const everywhere = () => {
    const item = document.createElement("li");
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    item.dataset.href = `${dialog().dataset.search}?q=${encodeURIComponent(box().value.trim())}`;
    const title = document.createElement("span");
    title.className = "clip";
    title.textContent = `Search all tickets for “${box().value.trim()}”`;
    item.append(title);
    return item;
  };

  const say = () => {
    const count = options().length;
    document.dispatchEvent(new CustomEvent("desk:say", { detail: count === 1 ? "1 result" : `${count} results` }));
  };
  const ask = async () => {
    const typed = box().value.trim();
    request?.abort();
    if (!typed) { fetched = ""; shown = asked; paint(); return; }
    request = new AbortController();
    const number = ++asked;
    const ticket = document.querySelector("form[data-composer]")?.dataset.composer || "";
    try {
      const response = await fetch(`${dialog().dataset.address}?q=${encodeURIComponent(typed)}&ticket=${ticket}`, { headers: { "X-Palette": "options" }, credentials: "same-origin", redirect: "manual", signal: request.signal });
      if (number !== asked) return;
      if (!response.ok) return trouble(response);
      fetched = await response.text();
      if (number !== asked) return;
    } catch (error) {
      if (error.name === "AbortError" || number !== asked) return;
      return trouble(null);
    }
    shown = number;
    paint();
    say();
    if (enters) { enters = false; run(selected()); }
  };
  const trouble = (response) => {
    enters = false;
    fetched = "";
    shown = asked;
    paint();
    const over = response && (response.type === "opaqueredirect" || response.status === 401);
    document.dispatchEvent(new CustomEvent("desk:trouble", { detail: over ? "You are signed out. Open another tab, sign in, and come back: your words are still here." : "The desk cannot be reached, so only the actions of this page are found." }));
  };

  const run = (item) => {
    if (!item) return;
    const go = item.run || (() => visit(item));
    dialog().addEventListener("close", () => go(), { once: true });
    dialog().close();
  };
  const visit = (item) => {
    const composer = document.querySelector("form[data-composer]");
    if (item.hasAttribute("data-posts")) return composer && post(composer, item.dataset.href);
    const inbox = document.querySelector("main.inbox");
    if (!inbox || !item.dataset.href.startsWith("/inbox/") || !window.htmx) return location.assign(item.dataset.href);
    const link = document.createElement("a");
    link.href = item.dataset.href;
    link.hidden = true;
    inbox.append(link);
    htmx.process(link);
    link.click();
    link.remove();
  };
  const post = (composer, address) => {
    const button = document.createElement("button");
    button.setAttribute("formaction", address);
    button.setAttribute("formnovalidate", "");
    button.hidden = true;
    composer.append(button);
    button.click();
    button.remove();
  };

  const open = () => {
    if (document.querySelector("dialog[open]")) return;
    actions = gather();
    box().value = "";
    fetched = "";
    enters = moved = false;
    dialog().showModal();
    paint();
    box().focus();
  };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k" && !event.isComposing) {
      event.preventDefault();
      if (dialog().open) dialog().close(); else open();
    }
  });
  document.addEventListener("click", (event) => {
    const opener = event.target.closest?.("[data-palette]");
    if (opener && event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)) { event.preventDefault(); open(); return; }
    if (event.target === dialog()) { dialog().close(); return; }
    const item = event.target.closest?.("#palette-list [role=option]");
    if (item) run(item);
  });
  document.addEventListener("input", (event) => {
    if (event.target !== box()) return;
    moved = enters = false;
    asked += 1;      /* what is on its way answers an older question */
    paint();
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });
  document.addEventListener("keydown", (event) => {
    if (event.target !== box() || event.isComposing) return;
    const all = options();
    const at = all.indexOf(selected());
    const to = { ArrowDown: at + 1 < all.length ? at + 1 : 0, ArrowUp: at > 0 ? at - 1 : all.length - 1, PageDown: Math.min(at + 8, all.length - 1), PageUp: Math.max(at - 8, 0) }[event.key];
    if (to !== undefined && all.length) { event.preventDefault(); moved = true; select(all[to]); }
    else if (event.key === "Enter") {
      event.preventDefault();
      const known = selected();
      if (box().value.trim() && shown !== asked && !moved && !known?.isMeant) enters = true;   /* wait for the answer that is on its way */
      else run(known);
    }
  });
  /* A button elsewhere on the page, or in a dialog, that puts something into the words. */
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button[form=composer][formaction]");
    const composer = document.querySelector("form[data-composer]");
    if (!button || !composer || composer.contains(button)) return;
    event.preventDefault();
    button.closest("dialog")?.close();
    post(composer, button.getAttribute("formaction"));
  });
})();
