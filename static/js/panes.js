/* A ticket that opens beside the list that is shown comes without it: the list stays, and only its mark moves. That
   needs `/live`, which keeps the list true; without it every page comes whole. */
(() => {
  const EMPTY = '<section class="pane list" data-kept></section>';
  const main = () => document.getElementById("main");
  const list = () => document.querySelector("#main > .pane.list");

  /* The list that the next page may leave out, as a header. */
  const asked = () => (list() && main().dataset.beside && document.body.dataset.liveState === "on" ? { "X-List": main().dataset.beside } : {});

  /* Whether a page belongs beside the list that is shown now. One that brings its own always does. */
  const fits = (html) => {
    if (!html.includes(EMPTY)) return true;
    const beside = /<main [^>]*data-beside="([^"]*)"/.exec(html)?.[1].replaceAll("&amp;", "&");
    return Boolean(list()) && beside === main().dataset.beside;
  };
  const whole = (html) => {
    if (!html.includes(EMPTY)) return html;
    const kept = list().cloneNode(true);
    const number = /id="conversation" data-ticket="(\d+)"/.exec(html)?.[1];
    for (const row of kept.querySelectorAll("[data-list] [aria-current]")) row.removeAttribute("aria-current");
    kept.querySelector(`#tk-${number}`)?.setAttribute("aria-current", "true");
    for (const menu of kept.querySelectorAll("details[open]")) menu.open = false;
    return html.replace(EMPTY, () => kept.outerHTML);
  };
  window.deskPanes = { asked, fits, whole };

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb === "get" && event.detail.target?.id === "main") Object.assign(event.detail.headers, asked());
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { detail } = event;
    if (detail.target?.id !== "main" || typeof detail.serverResponse !== "string") return;
    if (fits(detail.serverResponse)) detail.serverResponse = whole(detail.serverResponse);
    else { detail.shouldSwap = false; location.assign(detail.pathInfo.finalRequestPath); }   /* they went on meanwhile */
  });
})();
