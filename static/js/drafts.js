/* What is typed is kept on the server within a second, one save after the other, so that none can overtake another.
   Until the server has said yes the words lie in this browser too, and are brought to the server later.
   A save names the draft that it knows. When another window has saved since, nothing is overwritten: people decide. */
(() => {
  const SAVE_MS = 600;
  const RETRY_MS = 4000;
  const WEEK_MS = 7 * 24 * 3600 * 1000;
  const MOST_SENT = 4;
  const composer = () => document.querySelector("form[data-composer]");
  const field = (form, name) => form.querySelector(`[name="${name}"]`);
  const token = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";

  const jobs = new Map();       /* ticket -> what to save next */
  const marks = new Map();      /* form key -> the draft that the server answered last */
  const clashes = new Map();    /* form key -> the draft of another window, until somebody decides */
  const unanswered = new Map(); /* form key -> what was sent off and may have arrived: it is no other window's */
  const sentKeys = new Set();
  let timer = 0;
  let retry = 0;
  let isBusy = false;

  /* Words in this browser. */
  const placeOf = (ticket) => `draft:${document.body.dataset.person}:${ticket}`;
  const read = (ticket) => { try { return JSON.parse(localStorage.getItem(placeOf(ticket))); } catch { return null; } };
  const keepHere = (job) => { try { if (job.fields.text.trim()) localStorage.setItem(placeOf(job.ticket), JSON.stringify({ ...typedIn(job), known: knownOf(job), sent: sentOff(job.fields.key), at: Date.now() })); else localStorage.removeItem(placeOf(job.ticket)); } catch { /* full, or not allowed: the server has it in a moment */ } };
  const forgetHere = (ticket, text) => { const kept = read(ticket); if (kept && (text === undefined || kept.text === text)) localStorage.removeItem(placeOf(ticket)); };

  const note = (words, isGood) => {
    const place = composer()?.querySelector("[data-saved]");
    if (!place) return;
    place.textContent = words;
    place.classList.toggle("trouble", Boolean(words) && !isGood);
  };

  const typedIn = ({ fields: { kind, text, to, cc } }) => ({ kind, text, to, cc });
  const sentOff = (key) => unanswered.get(key) || [];
  const isOwn = (sent, text) => sent.some((one) => one.trimEnd() === text.trimEnd());
  const sendOff = (key, texts) => unanswered.set(key, [...sentOff(key).filter((one) => !texts.includes(one)), ...texts].slice(-MOST_SENT));

  const jobOf = (form) => ({
    ticket: form.dataset.composer,
    address: form.dataset.save,
    fields: { kind: form.querySelector("[name=kind]:checked")?.value || "reply", text: form.querySelector("textarea").value, to: field(form, "to")?.value || "", cc: field(form, "cc")?.value || "", key: field(form, "key").value },
    first: field(form, "draft").value,
  });
  const knownOf = (job) => (marks.has(job.fields.key) ? marks.get(job.fields.key) : job.first);
  const isOpen = (job) => { const form = composer(); return form && field(form, "key").value === job.fields.key ? form : null; };
  const setMark = (job, mark) => { marks.set(job.fields.key, mark); const form = isOpen(job); if (form) field(form, "draft").value = mark; };

  const post = (job, more = {}) => fetch(job.address, {
    method: "POST", credentials: "same-origin", redirect: "manual", ...more,
    headers: { Accept: "application/json", "X-CSRFToken": token(), "HX-Request": "true" },
    body: new URLSearchParams({ ...job.fields, draft: knownOf(job) }),
  });

  /* One save. Answers whether the job is done with; false: try again. */
  const save = async (job) => {
    let response;
    sendOff(job.fields.key, [job.fields.text]);
    try { response = await post(job, { signal: AbortSignal.timeout(15000) }); } catch { note("Kept in this browser until the desk answers", false); return false; }
    if (sentKeys.has(job.fields.key)) return true;
    const said = await response.json().catch(() => ({}));
    if (response.ok) {
      setMark(job, said.draft || "");
      unanswered.delete(job.fields.key);
      forgetHere(job.ticket, job.fields.text);
      if (isOpen(job)) note(said.draft ? `Draft saved ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false })}` : "", true);
      return true;
    }
    if (response.status === 409) return clash(job, said);
    if (response.status === 410) { forgetHere(job.ticket, job.fields.text); return true; }
    if (response.status === 401 || response.status === 403 || response.type === "opaqueredirect") { note("You are signed out. Kept in this browser", false); return true; }
    if (response.status === 404) { note("This ticket is no longer here. Kept in this browser", false); return true; }
    if (response.status >= 400 && response.status < 500) { note(said.words || "This cannot be saved. Kept in this browser", false); return true; }
    note("Kept in this browser until the desk answers", false);
    return false;
  };

  const push = async () => {
    if (isBusy) return;
    isBusy = true;
    clearTimeout(retry);
    while (jobs.size) {
      const [ticket, job] = jobs.entries().next().value;
      jobs.delete(ticket);
      if (clashes.has(job.fields.key) || sentKeys.has(job.fields.key) || (await save(job))) continue;
      if (!jobs.has(ticket)) jobs.set(ticket, job);
      retry = setTimeout(push, RETRY_MS);
      break;
    }
    isBusy = false;
  };

  const keep = (form) => {
    clearTimeout(timer);
    timer = 0;
    const job = jobOf(form);
    keepHere(job);
    jobs.delete(job.ticket);
    jobs.set(job.ticket, job);
    push();
  };
  const keepNow = () => { const form = composer(); if (form && timer) keep(form); };

  /* Our own words of another window. An answer that was lost is no clash, and neither is a save that was still under
     way when this page was loaded again: its words went into ours. */
  const clash = (job, said) => {
    const other = said.other;
    if (other && other.key === job.fields.key) { setMark(job, other.draft); return false; }
    if (other && isOwn(sentOff(job.fields.key), other.text)) { setMark(job, other.draft); return save(job); }
    clashes.set(job.fields.key, other || { draft: "", text: "" });
    show(job, said.words, Boolean(other && other.text.trim()));
    return true;
  };
  const show = (job, words, canAdd) => {
    const form = isOpen(job);
    const box = form?.querySelector("[data-clash]");
    if (!box) return;
    box.querySelector("[data-clash-words]").textContent = words;
    box.querySelector("[data-clash-add]").hidden = !canAdd;
    box.hidden = false;
    note("Not saved: see above", false);
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-clash-keep], [data-clash-add]");
    const form = button && composer();
    if (!form) return;
    const key = field(form, "key").value;
    const other = clashes.get(key) || { draft: "", text: "" };
    const box = form.querySelector("textarea");
    if (button.hasAttribute("data-clash-add")) box.value = `${box.value.trimEnd()}\n\n${other.text}`.trimStart();
    clashes.delete(key);
    if (other.draft !== undefined) { marks.set(key, other.draft); field(form, "draft").value = other.draft; }
    form.querySelector("[data-clash]").hidden = true;
    box.focus();
    keep(form);
  });

  const putBack = (form, box, kept) => {
    box.value = kept.text;
    for (const line of form.querySelectorAll("[data-addresses]")) {
      if (typeof kept[line.name] !== "string" || line.value === kept[line.name]) continue;
      line.value = kept[line.name];
      line.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const kind = kept.kind && form.querySelector(`[name=kind][value="${kept.kind}"]`);
    if (kind) kind.checked = true;
  };

  /* What this browser holds and the server does not. An empty editor never overwrites anything: only typing saves. */
  const restore = () => {
    const form = composer();
    if (!form || form.dataset.restored) return;
    form.dataset.restored = "yes";
    if (sentKeys.has(field(form, "key").value)) field(form, "key").value = [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");
    const box = form.querySelector("textarea");
    const kept = read(form.dataset.composer);
    if (!kept) return;
    if (kept.text === box.value) { forgetHere(form.dataset.composer); return; }
    const waiting = jobs.get(form.dataset.composer);
    const sent = Array.isArray(kept.sent) ? kept.sent : [];
    if (!box.value.trim() || kept.known === field(form, "draft").value || waiting || isOwn(sent, box.value)) {
      putBack(form, box, kept);
      sendOff(field(form, "key").value, [...sent, kept.text]);
      note("Draft found in this browser", true);
      if (form.dataset.save) keep(form);
      return;
    }
    const job = jobOf(form);
    clashes.set(job.fields.key, { draft: job.first, text: kept.text });
    show(job, "This browser holds other words for this ticket, which the desk never got.", true);
  };

  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("form[data-composer]");
    if (!form || !event.target.matches("textarea, [data-addresses]")) return;
    clearTimeout(timer);
    timer = setTimeout(() => keep(form), SAVE_MS);
  });
  document.addEventListener("change", (event) => {
    const form = event.target.closest?.("form[data-composer]");
    if (form && event.target.name === "kind" && form.querySelector("textarea").value.trim()) { clearTimeout(timer); timer = setTimeout(() => keep(form), SAVE_MS); }
  });
  document.addEventListener("desk:keep", keepNow);
  /* A file made the draft: the next save has to know it. */
  document.addEventListener("desk:draft", (event) => {
    const form = composer();
    if (!form || field(form, "key").value !== event.detail.key) return;
    if (!(marks.get(event.detail.key) || field(form, "draft").value)) { marks.set(event.detail.key, event.detail.draft); field(form, "draft").value = event.detail.draft; }
  });

  /* Sending ends the draft on the server, in the same transaction. Until it says yes the words stay here. */
  let sending = null;
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-composer]") || event.defaultPrevented) return;
    clearTimeout(timer);
    timer = 0;
    const job = jobOf(form);
    keepHere(job);
    jobs.delete(job.ticket);
    sending = { ticket: job.ticket, key: job.fields.key };
    if (!window.htmx) { sentKeys.add(sending.key); localStorage.removeItem(placeOf(job.ticket)); }
  });
  const isOurs = (event) => event.detail.requestConfig?.verb === "post" && event.detail.elt?.matches?.("form[data-composer]");
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!sending || !isOurs(event)) return;
    if (event.detail.xhr.status === 200) { sentKeys.add(sending.key); localStorage.removeItem(placeOf(sending.ticket)); }
    sending = null;
  });
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) document.addEventListener(name, (event) => { if (sending && isOurs(event)) { sending = null; const form = composer(); if (form) keep(form); } });

  /* A saved reply that was chosen, and whatever else goes to the server with the words but does not send them: the answer
     brings all of them, so that what lies here is nothing more, and no other window's. */
  const takesWordsAlong = ({ elt, requestConfig }) => requestConfig?.verb === "post" && elt.matches?.("form[data-composer]")
    && new URL(requestConfig.path, location.href).pathname !== new URL(elt.getAttribute("action"), location.href).pathname;
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!takesWordsAlong(event.detail)) return;
    clearTimeout(timer);
    timer = 0;
    jobs.delete(event.detail.elt.dataset.composer);
    forgetHere(event.detail.elt.dataset.composer);
  });
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) document.addEventListener(name, (event) => { if (takesWordsAlong(event.detail)) keep(event.detail.elt); });

  /* Leaving for another ticket, another tab or for good within that half second loses nothing either. */
  document.addEventListener("htmx:beforeRequest", (event) => { if (!event.detail.elt.matches?.("form[data-composer]")) keepNow(); });
  document.addEventListener("visibilitychange", () => { if (document.hidden) keepNow(); });
  window.addEventListener("pagehide", () => {
    const form = composer();
    if (!form || (!timer && !jobs.has(form.dataset.composer))) return;
    const job = jobOf(form);
    keepHere(job);
    post(job, { keepalive: true }).catch(() => {});
  });
  window.addEventListener("online", push);
  document.addEventListener("desk:arrived", restore);

  const start = () => {
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith("draft:")) continue;
      let at = 0;
      try { at = JSON.parse(localStorage.getItem(key))?.at || 0; } catch { /* not ours to read */ }
      if (!(Date.now() - at < WEEK_MS)) localStorage.removeItem(key);
    }
    restore();
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start); else start();
})();
