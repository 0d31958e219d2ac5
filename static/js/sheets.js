/* A link with data-sheet opens its form in the dialog over the page; without this it is a page of its own. What was
   typed stays when the dialog is closed. Whatever is no sheet (signed out, an error) is left to the browser. */
(() => {
  const dialog = document.getElementById("sheet");
  if (!dialog?.showModal) return;
  const PATIENCE = 30000;
  const ask = (address, more = {}) => fetch(address, { credentials: "same-origin", headers: { "X-Sheet": "1" }, signal: AbortSignal.timeout(PATIENCE), ...more });
  const isSheet = (answer) => !answer.redirected && answer.headers.get("X-Sheet") === "1";

  async function fill(answer) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    dialog.replaceChildren(...page.body.childNodes);
    dialog.dispatchEvent(new Event("sheet", { bubbles: true }));
  }
  const focus = () => (dialog.querySelector(".errsum") || dialog.querySelector("form input:not([type=hidden]), form select, form textarea") || dialog.querySelector("h2"))?.focus();

  async function open(link) {
    if (dialog.dataset.of !== link.href) {
      link.setAttribute("aria-busy", "true");
      try {
        const answer = await ask(link.href);
        if (!answer.ok || !isSheet(answer)) throw new Error("no sheet");
        await fill(answer);
      } catch { location.assign(link.href); return; }
      finally { link.removeAttribute("aria-busy"); }
      dialog.dataset.of = link.href;
    }
    if (!dialog.open) dialog.showModal();
    focus();
  }

  function say(form, words) {
    const said = form.querySelector("[data-offline]") || document.createElement("p");
    said.dataset.offline = "";
    said.className = "err";
    said.setAttribute("role", "alert");
    form.querySelector("footer").before(said);
    said.textContent = words;
  }

  async function send(form, button) {
    if (!navigator.onLine) { say(form, "You are offline, so nothing was sent. What you wrote stays here: send it when you are back."); return; }
    button?.setAttribute("aria-busy", "true");
    if (button) button.disabled = true;
    let answer;
    try { answer = await ask(form.action, { method: "POST", body: new FormData(form) }); }
    catch { say(form, "There was no answer, so we do not know whether it arrived. What you wrote stays here: send it again, it counts once."); }
    if (button) { button.disabled = false; button.removeAttribute("aria-busy"); }
    if (!answer) return;
    if (!isSheet(answer)) { form.submit(); return; }
    if (answer.status === 204) { location.assign(location.pathname + location.search); return; }
    await fill(answer);
    focus();
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-sheet]");
    if (link && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey) { event.preventDefault(); open(link); }
  });
  dialog.addEventListener("click", (event) => { if (event.target.closest("[data-close]")) dialog.close(); });
  dialog.addEventListener("submit", (event) => {
    if (event.target.enctype !== "multipart/form-data") return;  // another form than the one that opened
    event.preventDefault();
    send(event.target, event.submitter);
  });
})();
