/* The composer's hands: `;` at the start of a line offers saved replies, `@` colleagues; files are pasted, dropped or
   chosen and go to the server at once. All of it is a shortcut for something that works without a script. */
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const composer = () => $("form[data-composer]");
  const box = () => $("form[data-composer] textarea");
  const token = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";
  const tell = (words) => document.dispatchEvent(new CustomEvent("desk:say", { detail: words }));
  const changed = () => box().dispatchEvent(new Event("input", { bubbles: true }));
  const icon = (name) => { const sprite = $("use")?.getAttribute("href")?.split("#")[0] || ""; const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"); svg.setAttribute("class", "ico"); svg.setAttribute("aria-hidden", "true"); const use = document.createElementNS("http://www.w3.org/2000/svg", "use"); use.setAttribute("href", `${sprite}#${name}`); svg.append(use); return svg; };

  /* What can be offered is asked for once a ticket, as soon as somebody begins to write. */
  let offers = { ticket: "", asked: null, known: null };
  const ask = () => {
    const form = composer();
    if (!form) return Promise.resolve(null);
    if (offers.ticket !== form.dataset.composer) offers = { ticket: form.dataset.composer, asked: null, known: null };
    const mine = offers;
    mine.asked ??= fetch(form.dataset.offers, { credentials: "same-origin", redirect: "manual", headers: { Accept: "application/json" } })
      .then((response) => (response.ok ? response.json() : null))
      .then((found) => { mine.known = found; if (!found) mine.asked = null; return found; })
      .catch(() => { mine.asked = null; return null; });
    return mine.asked;
  };

  /* Letters in a row count most, then words that begin so, then letters in their order. */
  const score = (name, wanted) => {
    const text = name.toLowerCase(), plain = text.replace(/[^\p{L}\p{N}]/gu, "");
    if (!wanted) return 1;
    if (text.startsWith(wanted) || plain.startsWith(wanted)) return 5;
    if (text.split(/[^\p{L}\p{N}]+/u).some((word) => word.startsWith(wanted))) return 4;
    if (text.includes(wanted) || plain.includes(wanted)) return 3;
    let at = 0;
    for (const sign of plain) if (sign === wanted[at]) at += 1;
    return at === wanted.length ? 1 : 0;
  };

  let open = null;      /* { kind, start, found, at } */
  let isPending = false; /* Enter came before the list did */
  const list = () => $("#offers");
  const close = () => {
    if (open && $("#offers-box")) { $("#offers-box").hidden = true; list().replaceChildren(); box()?.removeAttribute("aria-activedescendant"); }
    open = null;
    isPending = false;
  };

  /* What stands before the caret: `;w8` at the start of a line, or `@pri`. */
  const asking = () => {
    const area = box();
    if (!area || area.selectionStart !== area.selectionEnd) return null;
    const before = area.value.slice(0, area.selectionStart);
    const line = before.slice(before.lastIndexOf("\n") + 1);
    const reply = /^;([^\n]{0,40})$/.exec(line);
    if (reply) return { kind: "reply", wanted: reply[1].trim().toLowerCase(), start: before.length - line.length };
    const called = /(?:^|[\s(])@([\p{L}\p{N}._-]*(?: [\p{L}\p{N}._-]*)?)$/u.exec(line);
    if (called) return { kind: "person", wanted: called[1].toLowerCase(), start: before.length - called[1].length - 1 };
    return null;
  };

  const look = async () => {
    const wish = asking();
    if (!wish) return close();
    const known = offers.ticket === composer().dataset.composer && offers.known ? offers.known : await ask();
    const still = asking();
    if (!still || !known) return close();
    const rows = still.kind === "reply" ? known.replies : known.people.filter((one) => !one.is_you);
    const found = rows.map((row) => ({ row, points: score(row.name, still.wanted) })).filter((one) => one.points)
      .sort((a, b) => b.points - a.points).slice(0, 8).map((one) => one.row);
    if (!found.length || (still.kind === "person" && still.wanted.includes(" ") && found.length > 4)) return close();
    open = { ...still, found, at: 0 };
    draw();
    if (isPending) { isPending = false; choose(0); }
  };

  const draw = () => {
    list().replaceChildren(...open.found.map((row, number) => {
      const item = document.createElement("li");
      item.id = `offer-${number}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", String(number === open.at));
      item.dataset.offer = number;
      const name = document.createElement("span");
      name.textContent = row.folder ? `${row.folder} › ${row.name}` : row.name;
      item.append(icon(open.kind === "reply" ? "bolt" : "at"), name);
      if (number === open.at) { const key = document.createElement("kbd"); key.textContent = "↵"; item.append(key); }
      return item;
    }));
    box().setAttribute("aria-activedescendant", `offer-${open.at}`);
    preview();
    const shown = $("#offers-box");
    if (shown.hidden) tell(`${open.found.length} ${open.kind === "reply" ? "saved replies" : "colleagues"}. Arrow keys choose, Enter inserts.`);
    shown.hidden = false;
    $(`#offer-${open.at}`).scrollIntoView({ block: "nearest" });
  };
  const preview = () => {
    const place = $("[data-preview]");
    const pieces = open.kind === "reply" ? open.found[open.at].pieces : [];
    place.hidden = !pieces.length;
    place.replaceChildren(...pieces.map(([kind, text]) => { if (kind !== "gap") return document.createTextNode(text); const mark = document.createElement("mark"); mark.textContent = text; return mark; }));
  };

  const choose = (number) => {
    const row = open.found[number], area = box();
    const text = open.kind === "reply" ? row.text.replace(/\n+$/, "\n") : `@${row.name} `;
    area.setRangeText(text, open.start, area.selectionStart, "end");
    if (open.kind === "reply") used(row.pk);
    const start = open.start;
    close();
    changed();
    const gap = /\[[a-z_]+\?\]/.exec(area.value.slice(start));
    if (gap) { area.setSelectionRange(start + gap.index, start + gap.index + gap[0].length); tell(`${gap[0]} has no value here. Write what belongs there.`); }
    area.focus();
  };
  const used = (pk) => { const field = document.createElement("input"); field.type = "hidden"; field.name = "used"; field.value = pk; composer().append(field); };

  document.addEventListener("focusin", (event) => { if (event.target.matches("form[data-composer] textarea")) ask(); });
  document.addEventListener("input", (event) => { if (event.target === box()) look(); });
  document.addEventListener("click", (event) => { if (open && event.target === box()) look(); });
  document.addEventListener("focusout", (event) => { if (open && event.target === box() && !event.relatedTarget?.closest?.("#offers-box")) setTimeout(() => { if (document.activeElement !== box()) close(); }, 150); });
  document.addEventListener("desk:arrived", () => { open = null; isPending = false; });
  document.addEventListener("mousedown", (event) => { if (event.target.closest?.("#offers-box")) event.preventDefault(); });
  document.addEventListener("click", (event) => { const item = event.target.closest?.("[data-offer]"); if (item && open) choose(Number(item.dataset.offer)); });
  document.addEventListener("keydown", (event) => {
    if (event.target !== box() || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!open) {
      if (event.key === "Enter" && !event.shiftKey && asking()?.kind === "reply" && asking().wanted && !offers.known) { event.preventDefault(); isPending = true; look(); }
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { event.preventDefault(); open.at = (open.at + step + open.found.length) % open.found.length; draw(); return; }
    if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") { event.preventDefault(); choose(open.at); return; }
    if (event.key === "Escape") { event.preventDefault(); event.stopImmediatePropagation(); close(); }
  }, true);

  /* The button, and its key, begin the same thing for the hand. */
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-offer-replies]");
    if (!button) return;
    event.preventDefault();
    const area = box();
    const before = area.value.slice(0, area.selectionStart);
    const isStart = !before || before.endsWith("\n");
    area.focus();
    area.setRangeText(isStart ? ";" : "\n;", area.selectionStart, area.selectionEnd, "end");
    changed();
  });

  /* Enter in a line of addresses never sends; in the box of a time it sends then. */
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || !event.target.matches?.("form[data-composer] input.input")) return;
    event.preventDefault();
    if (event.target.dataset.enter === "later") $("[name=later][value=at]", composer())?.click();
  });

  /* Addresses: what the folded line says follows what is typed, and a known one is added with a press. */
  document.addEventListener("input", (event) => {
    if (!event.target.matches?.("[data-addresses]")) return;
    for (const place of composer().querySelectorAll(`[data-said="${event.target.name}"]`)) place.textContent = event.target.value;
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-add-address]");
    if (!button) return;
    const line = $("#id_to");
    line.value = [line.value.trim().replace(/[,;]$/, ""), button.dataset.addAddress].filter(Boolean).join(", ");
    line.dispatchEvent(new Event("input", { bubbles: true }));
    button.hidden = true;
    line.focus();
  });

  /* Files go up at once, one after the other; sending waits for them. */
  let waiting = 0;
  const trouble = (words) => { const place = $("[data-file-trouble]"); if (place) { place.textContent = words; place.hidden = !words; } };
  const rowOf = (file) => {
    const row = document.createElement("li");
    row.className = "file";
    const name = document.createElement("bdi");
    name.className = "clip";
    name.textContent = file.name;
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", `${file.name}, being attached`);
    row.append(icon("clip"), name, bar);
    return row;
  };
  const settle = (row, kept) => {
    row.querySelector("progress").remove();
    row.querySelector("bdi").textContent = kept.name;
    if (kept.token) row.dataset.token = kept.token;
    const size = document.createElement("span");
    size.className = "muted";
    size.textContent = kept.size;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "btn ghost icon xs";
    remove.dataset.drop = kept.remove;
    remove.setAttribute("aria-label", `Remove ${kept.name}`);
    remove.append(icon("x"));
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = "kept";
    field.value = kept.pk;
    row.append(size, remove, field);
  };
  const send = (form, file, inWords) => new Promise((done) => {
    const row = rowOf(file);
    $("[data-kept]", form).append(row);
    const body = new FormData();
    body.append("file", file, file.name);
    body.append("key", $("[name=key]", form).value);
    if (inWords) body.append("in_words", "on");
    const request = new XMLHttpRequest();
    request.open("POST", form.dataset.files);
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", token());
    request.upload.addEventListener("progress", (event) => { const bar = row.querySelector("progress"); if (bar && event.lengthComputable) bar.value = event.loaded / event.total; });
    request.addEventListener("loadend", () => {
      const said = request.response || {};
      if (request.status === 200 && said.file) {
        if (row.isConnected) settle(row, said.file);
        document.dispatchEvent(new CustomEvent("desk:draft", { detail: { draft: said.draft, key: body.get("key") } }));
        if (said.file.token && row.isConnected) insert(said.file.token);
        tell(`${said.file.name} is attached.`);
      } else {
        row.remove();
        trouble(said.words || (request.status === 413 ? `${file.name} is too large.` : `${file.name} was not attached: the desk did not answer. Try again.`));
      }
      done();
    });
    request.send(body);
  });
  const insert = (words) => {
    const area = box();
    const before = area.value.slice(0, area.selectionStart);
    const gap = before && !before.endsWith("\n") ? "\n" : "";
    area.setRangeText(`${gap}${words}\n`, area.selectionStart, area.selectionEnd, "end");
    changed();
  };
  let queue = Promise.resolve();
  const attach = (files, inWords) => {
    const form = composer();
    if (!form) return;
    trouble("");
    for (const file of files) {
      waiting += 1;
      queue = queue.then(() => (form.isConnected ? send(form, file, inWords && file.type.startsWith("image/")) : null)).finally(() => { waiting -= 1; if (!waiting) sendHeld(); });
    }
  };
  document.addEventListener("change", (event) => {
    if (!event.target.matches?.("form[data-composer] input[type=file]")) return;
    attach([...event.target.files], false);
    event.target.value = "";
  });
  document.addEventListener("paste", (event) => {
    if (event.target !== box()) return;
    const files = [...(event.clipboardData?.files || [])];
    if (!files.length) return;
    event.preventDefault();
    attach(files, true);
  });
  const isFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
  document.addEventListener("dragover", (event) => { const form = isFiles(event) && event.target.closest?.("form[data-composer]"); if (form) { event.preventDefault(); form.classList.add("dropping"); } });
  document.addEventListener("dragleave", (event) => { if (event.target.matches?.("form[data-composer]")) event.target.classList.remove("dropping"); });
  document.addEventListener("drop", (event) => {
    const form = isFiles(event) && event.target.closest?.("form[data-composer]");
    if (!form) return;
    event.preventDefault();
    form.classList.remove("dropping");
    attach([...event.dataTransfer.files], event.target === box());
  });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-drop]");
    if (!button) return;
    event.preventDefault();
    event.stopPropagation();
    const row = button.closest("li");
    const response = await fetch(button.dataset.drop, { method: "POST", credentials: "same-origin", redirect: "manual", headers: { Accept: "application/json", "X-CSRFToken": token() } }).catch(() => null);
    if (!response || !response.ok) return trouble("The file could not be removed just now. Try again.");
    if (row.dataset.token && box().value.includes(row.dataset.token)) { box().value = box().value.replace(row.dataset.token, ""); changed(); }
    row.remove();
    tell("Removed.");
    box().focus();
  }, true);

  /* Sending while a file is on its way waits for the file. */
  let held = null;
  document.addEventListener("submit", (event) => {
    if (!waiting || !event.target.matches("form[data-composer]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    held = { form: event.target, button: event.submitter };
    trouble("Sending as soon as the files are attached.");
  }, true);
  const sendHeld = () => {
    if (!held) return;
    const { form, button } = held;
    held = null;
    const words = $("[data-file-trouble]");
    if (words && !words.hidden && !words.textContent.startsWith("Sending")) return;
    trouble("");
    if (form.isConnected) form.requestSubmit(button && button.isConnected ? button : undefined);
  };
})();
