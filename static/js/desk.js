/* Moving between screens without a reload, dialogs, focus, and words when something does not work.
   Everything here is a shortcut for a link or a form that works without it. */
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const main = () => $("#main");
  const dialog = () => $("#dialog");
  const isPlainClick = (event) => event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);

  /* Words for a screen reader, and a banner for eyes when something failed. */
  const say = (words) => { const region = $("#says"); if (region) region.textContent = words; };
  let again = null;   /* what "Try again" does: the very thing that failed, from where it was asked */
  /* What lies behind an open dialog cannot be pressed, so the banner goes into it. */
  let home = null;
  const stand = (box) => {
    home ??= box.parentElement;
    const place = $("#dialog[open]") || home;
    if (box.parentElement !== place) place.prepend(box);
  };
  const trouble = (words, retry = null) => {
    const box = $("#trouble");
    if (!box) return;
    const hadFocus = !words && box.contains(document.activeElement);
    stand(box);
    $("[data-words]", box).textContent = words;
    again = words ? retry : null;
    $("[data-again]", box).hidden = !again;
    box.hidden = !words;
    if (hadFocus) findFocus(null);
  };
  document.addEventListener("desk:say", (event) => say(event.detail));
  document.addEventListener("desk:trouble", (event) => trouble(event.detail, again));

  /* U45: focus is never lost to <body>. When a dialog closes, or what had the focus goes, it returns to where it came
     from, or to the heading. A browser takes its time to notice: until then the gone element still seems to have it. */
  const isLost = () => {
    const at = document.activeElement;
    return !at || at === document.body || !!at.closest("dialog:not([open])") || (at.checkVisibility && !at.checkVisibility());
  };
  const findFocus = (from) => {
    if (from && from.isConnected) from.focus({ preventScroll: true });
    if (isLost()) ($("#main [data-heading]") || main())?.focus({ preventScroll: true });
  };
  let opener = null;
  document.addEventListener("focusin", (event) => {
    const before = event.relatedTarget;
    if (event.target.closest("dialog") && !before?.closest("dialog")) opener = before;
  });
  document.addEventListener("close", (event) => {
    if (event.target.matches("dialog") && $("#trouble", event.target)) stand($("#trouble"));
    if (event.target.matches("dialog") && isLost()) findFocus(opener);
    opener = null;
  }, true);

  /* Dialogs: a link to a page with one form opens that form here instead. */
  let asking = null;   /* the last question that no form and no link of its own stands for */
  document.addEventListener("desk:asks", (event) => { asking = event.detail; });
  document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.elt === document.body && event.detail.successful) asking = null; });
  const openForm = (link) => {
    asking = () => openForm(link);
    const old = $("#card-heading", dialog());   /* of a form that was here before: a failed answer leaves it */
    htmx.ajax("GET", link.href, { target: "#dialog-body", select: "#card", swap: "innerHTML ignoreTitle:true" }).then(() => {
      if (!$("#card-heading", dialog()) || $("#card-heading", dialog()) === old) return;
      if (!dialog().open) dialog().showModal();
      (dialog().querySelector("[autofocus]") || $("#card-heading", dialog())).focus();
    }, () => { /* said in the banner, which asks again */ });
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (link && isPlainClick(event)) { event.preventDefault(); event.stopImmediatePropagation(); closeMenus(); openForm(link); return; }
    const opener = event.target.closest("[data-open]");
    if (opener) $("#" + opener.dataset.open).showModal();
    const closer = event.target.closest("[data-close]");
    if (closer && closer.closest("dialog")) { event.preventDefault(); closer.closest("dialog").close(); }
    if (event.target.matches("dialog")) event.target.close();
    if (event.target.closest("[data-dismiss]")) trouble("");
    if (event.target.closest("[data-again]") && again) { const act = again; trouble(""); act(); }
    if (!event.target.closest("details.more")) closeMenus();
  }, true);
  const closeMenus = () => document.querySelectorAll("details.more[open]").forEach((menu) => { menu.open = false; });
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.activeElement.closest("details.more[open]");
    if (menu) { menu.open = false; $("summary", menu).focus(); event.stopPropagation(); }
  }, true);

  /* The folded line under the words says which reason a close will carry. */
  document.addEventListener("change", (event) => {
    if (event.target.id !== "id_reason") return;
    const said = $("[data-chosen-reason]");
    if (said) said.textContent = event.target.value ? event.target.selectedOptions[0].text : "none";
  });

  /* After a swap: nothing is lost to <body>, and a new ticket shows its newest words. */
  let shownTicket = null;
  const arrive = () => {
    const thread = $("#conversation");
    if (thread && thread.dataset.ticket !== shownTicket) {
      const newest = [...thread.querySelectorAll(".thread > article")].pop();
      const bottom = thread.scrollHeight - thread.clientHeight;
      thread.scrollTop = newest ? Math.min(bottom, newest.offsetTop - thread.offsetTop - 16) : bottom;
    }
    shownTicket = thread ? thread.dataset.ticket : null;
    const current = $("[data-list] [aria-current]");
    if (current) current.scrollIntoView({ block: "nearest" });
    document.querySelectorAll("iframe[data-mail]").forEach(fit);
  };
  const settleFocus = (wasWriting) => {
    const asked = $("#main [autofocus]");
    if (asked) return asked.focus();
    if (wasWriting && $("#composer textarea")) return $("#composer textarea").focus();
    if (isLost()) findFocus(null);
  };
  /* What asked may be gone when the answer comes, taken away by `/live`. How an answer goes in is said around what asked
     for it: it stands there once more, unseen, until the answer has taken its place. */
  document.addEventListener("htmx:beforeSwap", (event) => {
    const asked = event.detail.requestConfig?.elt;
    if (!asked || asked.isConnected || event.detail.target.id !== "main") return;
    asked.hidden = true;
    event.detail.target.append(asked);
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.shouldSwap && event.detail.target?.id === "main" && dialog() && dialog().open) dialog().close();
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const config = event.detail.requestConfig;
    if (!config || !event.detail.target || event.detail.target.id !== "main") return;
    trouble("");
    arrive();
    settleFocus(config.elt && config.elt.id === "composer");
    document.dispatchEvent(new CustomEvent("desk:arrived", { detail: { verb: config.verb, status: event.detail.xhr.status } }));
  });

  /* A reply is one request: the button says so at once, and a second press does nothing. */
  document.addEventListener("submit", (event) => {
    if (event.target.method === "post" && !navigator.onLine) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return trouble("You are offline, so nothing was sent. What you wrote stays here.", resend(event.target, event.submitter));
    }
    if (event.target.dataset.sending) { event.preventDefault(); event.stopImmediatePropagation(); return; }
    if (event.target.method === "post") event.target.dataset.sending = "yes";
    setTimeout(() => { if (!event.target.classList.contains("htmx-request")) delete event.target.dataset.sending; }, 0);
  }, true);
  document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.elt.dataset) delete event.detail.elt.dataset.sending; });
  /* U48: what failed can be asked again in place. A form is sent as it stands by then, by the button that sent it. */
  const resend = (form, button) => () => { if (form.isConnected) form.requestSubmit(button?.isConnected && button.form === form ? button : null); };
  /* Whoever signed in again in another tab has another token; somebody else sends nothing from here. */
  const renewed = (retry) => retry && (async () => {
    let fresh = null;
    try {
      const response = await fetch(location.href, { credentials: "same-origin", redirect: "manual" });
      if (response.ok) fresh = new DOMParser().parseFromString(await response.text(), "text/html").body;
    } catch { /* told below */ }
    const headers = fresh?.getAttribute("hx-headers");
    if (!headers) return trouble("You are not signed in yet. Your words are still here.", renewed(retry));
    if (fresh.dataset.person !== document.body.dataset.person) return trouble("Somebody else is signed in now. Copy your words and reload the page.");
    document.body.setAttribute("hx-headers", headers);
    for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) field.value = JSON.parse(headers)["X-CSRFToken"];
    retry();
  });
  const retryOf = ({ elt, requestConfig }) => {
    const event = requestConfig?.triggeringEvent;
    if (elt === document.body) return asking;
    if (elt.matches?.("form")) return resend(elt, event?.submitter);
    return () => { if (elt.isConnected) { if (elt.matches?.("a")) elt.click(); else htmx.trigger(elt, event?.type || "click"); } };
  };
  /* A session that is over sends people to sign in, but never away from words that they have not sent. */
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const isQuiet = event.detail.elt.hasAttribute?.("data-quiet");
    const words = $("#composer textarea");
    const sends = event.detail.requestConfig?.verb === "post";
    if (event.detail.xhr.status !== 401 || !(isQuiet || sends || (words && words.value.trim()))) return;
    event.preventDefault();
    failed(event, "You are signed out. Open another tab, sign in, and come back: your words are still here.", isQuiet ? null : renewed(retryOf(event.detail)));
  });
  /* What the page asked by itself never takes the banner from what a person asked: their "Try again" would do another thing. */
  const failed = ({ detail }, words, retry = null) => {
    if (!(detail.elt.hasAttribute?.("data-quiet") && again)) trouble(words, retry);
  };
  document.addEventListener("htmx:sendError", (event) => failed(event, "The desk cannot be reached. Your words are still here. Try again when you are back online.", retryOf(event.detail)));
  document.addEventListener("htmx:timeout", (event) => failed(event, "The desk did not answer in time. Your words are still here. Try again.", retryOf(event.detail)));
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 401) return;
    if (status === 404) return failed(event, "This is no longer here. Somebody may have merged or removed it.");
    if (status === 403) return failed(event, "This page is out of date, or your role does not allow it. Your words are still here.", renewed(retryOf(event.detail)));
    failed(event, "The desk had a problem and nothing was changed. Your words are still here. Try again.", retryOf(event.detail));
  });
  window.addEventListener("offline", () => trouble("You are offline. You can go on writing; sending has to wait.", again));
  window.addEventListener("online", () => trouble(again ? "You are back online. What did not go through can be tried again." : "", again));

  /* A formatted mail is as tall as it needs. It has no script, so we measure it from here. */
  const fit = (frame) => {
    const measure = () => {
      const inside = frame.contentDocument && frame.contentDocument.body;
      if (inside && inside.childNodes.length) frame.height = Math.min(4000, Math.ceil(inside.getBoundingClientRect().bottom) + 16);
    };
    measure();
    frame.onload = measure;
  };
  document.addEventListener("toggle", (event) => event.target.querySelectorAll?.("iframe[data-mail]").forEach(fit), true);

  /* What stands behind a fold is fetched once it is open: by hand, by the page, or by a click that came before htmx. */
  const fetchShown = (fold) => {
    if (!fold.open) return;
    for (const panel of fold.querySelectorAll("[data-panel], [data-shown]")) {
      const waits = panel.closest("details") === fold && panel.querySelector(":scope > [data-waits]");
      if (!waits) continue;
      waits.removeAttribute("data-waits");
      htmx.trigger(panel, "shown");
    }
  };
  let listens = false;
  document.addEventListener("toggle", (event) => { if (listens && event.target.matches?.("details")) fetchShown(event.target); }, true);
  document.addEventListener("htmx:load", () => { listens = true; document.querySelectorAll("details[open]").forEach(fetchShown); });

  /* Where the list was scrolled to survives reload, back and forward. */
  const place = () => "scroll:" + (main()?.dataset.view || "");
  document.addEventListener("scroll", (event) => { if (event.target.matches?.("[data-list]")) sessionStorage.setItem(place(), event.target.scrollTop); }, true);
  /* On a narrow screen the tab of this page and the newest end of a chart are in sight without a swipe. */
  const showWhereWeAre = () => {
    for (const tab of document.querySelectorAll("nav.tabs > [aria-current]")) {
      const bar = tab.parentElement, [at, of] = [tab.getBoundingClientRect(), bar.getBoundingClientRect()];
      bar.scrollLeft += at.left - of.left - (of.width - at.width) / 2;
    }
    for (const chart of document.querySelectorAll(".table-scroll > .chart")) chart.parentElement.scrollLeft = chart.parentElement.scrollWidth;
  };
  const start = () => {
    const list = $("[data-list]");
    if (list) list.scrollTop = Number(sessionStorage.getItem(place()) || 0);
    showWhereWeAre();
    arrive();
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start); else start();
})();
