/* The daily review. Everything here is a shortcut for a link or a form that works without it. */
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const HERE_MS = 20000;
  const csrf = () => JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];

  /* The sheet of reasons: R opens it, a number rejects and goes on, one's own words are written first. */
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-sheet]");
    if (opener && event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)) {
      event.preventDefault();
      const sheet = $("#" + opener.dataset.sheet);
      sheet.showModal();
      $("[name=reason]", sheet)?.focus();
    }
    /* The second click of a double click is not for what came in its place. */
    if (event.detail > 1 && event.target.closest("[data-once]")) event.preventDefault();
  });
  document.addEventListener("change", (event) => {
    const radio = event.target;
    if (radio.name === "much" && radio.dataset.typed) {
      const amount = $("#amount");
      amount.value = radio.dataset.typed;
      amount.dispatchEvent(new Event("input", { bubbles: true }));
    }
    if (radio.name !== "reason" || !radio.closest("dialog")) return;
    if ("own" in radio.dataset) $("#own-words").focus();
    else if (!event.isTrusted) radio.form.requestSubmit();   // pressed by its number; arrows and clicks only choose
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.target.id !== "own-words" || !event.target.closest("dialog")) return;
    event.preventDefault();
    event.target.form.requestSubmit();
  });
  document.addEventListener("focusin", (event) => { if (event.target.id === "amount") event.target.select(); });
  document.addEventListener("input", (event) => {
    if (event.target.id !== "amount" || !event.isTrusted) return;
    const other = $("[name=much][value=other]");
    if (other) other.checked = true;
  });

  /* Time: what the page counts until the server says it again, and what is left to undo. */
  const shown = (seconds) => {
    const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
    const two = (number) => String(number).padStart(2, "0");
    return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
  };
  let since = performance.now();
  const passed = () => Math.floor((performance.now() - since) / 1000);
  const tick = () => {
    const clock = $("[data-clock]");
    if (clock && !("still" in clock.dataset) && document.visibilityState === "visible") clock.textContent = shown(Number(clock.dataset.clock) + passed());
    const said = $("[data-until]");
    if (said) {
      const left = Math.max(0, Number(said.dataset.until) - passed());
      const part = $("[data-left]", said);
      if (part) part.textContent = left ? `, takes effect in ${left} s` : ", took effect";
      if (!left) {
        const button = $(".decide [data-key=z]");
        delete said.dataset.until;
        if (button) button.disabled = true;
      }
    }
    const screen = $("#review[data-settles]");
    if (screen && passed() > Number(screen.dataset.settles) + 6) {
      delete screen.dataset.settles;
      htmx.ajax("GET", location.pathname, { target: "#review", select: "#review", swap: "outerHTML" });
    }
  };
  setInterval(tick, 1000);
  const here = () => {
    if (document.visibilityState !== "visible") return;
    fetch("/review/here/", { method: "POST", headers: { "X-CSRFToken": csrf() }, credentials: "same-origin" }).catch(() => {});
  };
  setInterval(here, HERE_MS);
  document.addEventListener("visibilitychange", here);

  /* Between a key and the next item no key counts: it would be for something that nobody has seen yet. */
  const isAway = (event) => event.detail.target?.id === "review" && event.detail.requestConfig?.verb !== "get";
  let keys = "";
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!isAway(event) || keys) return;
    keys = document.body.dataset.keys;
    document.body.dataset.keys = "away";
    event.detail.target.setAttribute("aria-busy", "true");
  });
  const back = () => {
    if (keys) document.body.dataset.keys = keys;
    keys = "";
    $("#review")?.removeAttribute("aria-busy");
  };
  for (const name of ["htmx:afterSwap", "htmx:afterRequest", "htmx:sendError", "htmx:timeout"]) document.addEventListener(name, back);

  /* After each item: what was said has the focus, or the name of who asks. */
  const arrive = () => {
    since = performance.now();
    const sheet = $("dialog[data-open-now]");
    if (sheet) { sheet.showModal(); ($("[aria-invalid]", sheet) || $("[name=reason]", sheet)).focus(); return; }
    ($("#review [data-said]") || $("#review [data-heading]"))?.focus({ preventScroll: true });
  };
  document.addEventListener("htmx:afterSettle", (event) => { if (event.detail.target?.id === "review") arrive(); });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id === "review") $$("dialog[open]").forEach((open) => open.close());
  });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", arrive); else arrive();
})();
