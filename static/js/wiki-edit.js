/* The editor of the wiki. What is typed is kept on the server within a second, one keeping after the other, so that none
   can overtake another; until the server has said yes the words lie in this browser too. An empty editor overwrites
   nothing. Ctrl+Enter saves. Everything here is a shortcut for a form that works without it. */
(() => {
  const SAVE_MS = 700;
  const RETRY_MS = 4000;
  const form = document.querySelector("form[data-edit]");
  if (!form) return;
  const field = (name) => form.querySelector(`[name="${name}"]`);
  const box = field("markdown");
  const place = () => `wiki:${document.body.dataset.person}:${form.dataset.save}:${field("draft")?.value || ""}`;
  const token = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";
  const note = (words, isGood = true) => {
    const line = form.querySelector("[data-saved]");
    line.textContent = words;
    line.classList.toggle("trouble", !isGood);
  };
  const now = () => new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

  let timer = 0;
  let isBusy = false;
  let isWanted = false;
  let isLeaving = false;
  let clash = null;

  const keepHere = () => {
    try {
      if (box.value.trim()) localStorage.setItem(place(), JSON.stringify({ title: field("title").value, markdown: box.value, known: field("known").value, base: field("base_no").value, at: Date.now() }));
    } catch { /* full, or not allowed: the server has it in a moment */ }
  };
  const forgetHere = () => { try { localStorage.removeItem(place()); } catch { /* nothing there */ } };

  const post = (more = {}) => fetch(form.dataset.save, {
    method: "POST", credentials: "same-origin", redirect: "manual", ...more,
    headers: { Accept: "application/json", "X-CSRFToken": token(), "HX-Request": "true" },
    body: new URLSearchParams([...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken")),
  });

  const push = async () => {
    clearTimeout(timer);
    timer = 0;
    if (isBusy) { isWanted = true; return; }
    if (clash || isLeaving || !(box.value.trim() || field("title").value.trim())) return;
    isBusy = true;
    isWanted = false;
    const sent = box.value;
    const old = place();
    let response = null;
    try { response = await post({ signal: AbortSignal.timeout(15000) }); } catch { /* told below */ }
    const said = response && response.type !== "opaqueredirect" ? await response.json().catch(() => ({})) : {};
    isBusy = false;
    if (isLeaving) return;
    if (response?.ok) {
      field("known").value = said.version || 0;
      if (said.draft && field("draft")) field("draft").value = said.draft;
      if (said.address && location.pathname !== said.address) history.replaceState(null, "", said.address);
      if (box.value === sent) { try { localStorage.removeItem(old); } catch { /* nothing there */ } forgetHere(); }
      note(said.version ? `Draft kept ${now()}` : "");
    } else if (response?.status === 409) {
      stop(said);
    } else if (response && response.status >= 400 && response.status < 500) {
      note(said.words || "You are signed out, or may no longer write here. Your words are kept in this browser.", false);
    } else if (response?.type === "opaqueredirect") {
      note("You are signed out. Your words are kept in this browser.", false);
    } else {
      note("Kept in this browser until the desk answers", false);
      timer = setTimeout(push, RETRY_MS);
    }
    if (isWanted) push();
  };

  const stop = (said) => {
    const other = said.other;
    if (other && other.markdown.trimEnd() === box.value.replace(/\r\n?/g, "\n").trimEnd()) { field("known").value = other.version; isWanted = true; return; }
    clash = other || { version: 0, title: "", markdown: "" };
    const banner = document.getElementById("clash");
    banner.querySelector("[data-words]").textContent = said.words;
    banner.querySelector("[data-other]").hidden = !other;
    banner.hidden = false;
    note("Not kept: see above", false);
  };
  document.getElementById("clash").addEventListener("click", (event) => {
    const button = event.target.closest("[data-mine], [data-other]");
    if (!button || !clash) return;
    field("known").value = clash.version;
    if (!clash.version && field("draft")) field("draft").value = "";
    if (button.hasAttribute("data-other")) { field("title").value = clash.title; box.value = clash.markdown; box.dispatchEvent(new Event("input", { bubbles: true })); }
    clash = null;
    document.getElementById("clash").hidden = true;
    box.focus();
    push();
  });

  form.addEventListener("input", () => {
    keepHere();
    clearTimeout(timer);
    timer = setTimeout(push, SAVE_MS);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    form.querySelector("[data-first]").click();
  });
  form.addEventListener("submit", (event) => {
    if (isLeaving && event.submitter?.value !== "preview") { event.preventDefault(); return; }   /* pressed twice */
    isLeaving = true;
    clearTimeout(timer);
    if (field("draft") && !field("draft").value) forgetHere(); else keepHere();   /* a page that is made leaves nothing for the next one */
    event.submitter?.setAttribute("aria-busy", "true");
  });
  document.getElementById("drop")?.addEventListener("submit", () => { isLeaving = true; clearTimeout(timer); forgetHere(); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) isLeaving = false; });
  document.addEventListener("visibilitychange", () => { if (document.hidden && timer) push(); });
  window.addEventListener("pagehide", () => { if (timer && !isLeaving && !clash) post({ keepalive: true }).catch(() => {}); });
  window.addEventListener("online", () => { if (localStorage.getItem(place())) push(); });

  /* What this browser holds and the server never got: only where nothing else was kept or saved since. */
  const start = () => {
    let kept = null;
    try { kept = JSON.parse(localStorage.getItem(place())); } catch { /* not ours to read */ }
    if (!kept || typeof kept.markdown !== "string") return;
    if (kept.markdown === box.value || kept.known !== field("known").value || kept.base !== field("base_no").value) { forgetHere(); return; }
    field("title").value = kept.title || field("title").value;
    box.value = kept.markdown;
    note("Found in this browser");
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };
  start();
})();
