/* Customer pages work without any of this. It keeps words through a reload, names the files that were chosen, says at
   once that something is being sent, and notes that the conversation was looked at. */
(() => {
  const key = (area) => `words:${location.pathname}:${area.name}`;
  const remember = (name, value) => { try { if (value) sessionStorage.setItem(name, value); else sessionStorage.removeItem(name); } catch { /* not allowed: the words are in the field */ } };
  const recall = (name) => { try { return sessionStorage.getItem(name) || ""; } catch { return ""; } };
  const size = (bytes) => (bytes < 1024 ** 2 ? `${Math.max(1, Math.round(bytes / 1024))} kB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`);
  const hasTrouble = () => document.querySelector(".errsum, [data-kept], .banner.bad");

  for (const area of document.querySelectorAll("form[method=post] textarea")) {
    if (recall("sent") === location.pathname && !hasTrouble()) { remember(key(area), ""); remember("sent", ""); }
    if (!area.value && recall(key(area))) area.value = recall(key(area));
    area.addEventListener("input", () => remember(key(area), area.value));
  }

  const nameFiles = (root) => { for (const input of root.querySelectorAll("input[type=file]")) {
    const list = document.createElement("ul");
    list.className = "chosen";
    list.setAttribute("aria-live", "polite");
    input.after(list);
    input.addEventListener("change", () => {
      const files = [...input.files];
      const total = files.reduce((sum, file) => sum + file.size, 0);
      list.replaceChildren(...[...files.map((file) => `${file.name}, ${size(file.size)}`), ...(total > 20 * 1024 ** 2 ? [`Together ${size(total)}: more than the 20 MB that fit`] : [])].map((text) => { const item = document.createElement("li"); item.textContent = text; return item; }));
    });
  } };
  nameFiles(document);
  addEventListener("sheet", (event) => nameFiles(event.target));

  for (const form of document.querySelectorAll("form[method=post]")) {
    form.addEventListener("submit", (event) => {
      const button = form.querySelector("button:not([type=button])");
      if (!navigator.onLine) {
        event.preventDefault();
        let said = form.querySelector("[data-offline]");
        if (!said) {
          said = document.createElement("p");
          said.dataset.offline = "";
          said.className = "err";
          said.setAttribute("role", "alert");
          button?.parentElement.before(said);
        }
        said.textContent = "You are offline, so nothing was sent. What you wrote stays here: send it when you are back.";
        return;
      }
      if (form.querySelector("textarea")) remember("sent", form.dataset.lands || location.pathname);
      if (button) { button.setAttribute("aria-busy", "true"); setTimeout(() => { button.disabled = true; }); }
    });
  }
  /* Back from the next page: the button works again. */
  addEventListener("pageshow", () => { for (const button of document.querySelectorAll("button[aria-busy]")) { button.disabled = false; button.removeAttribute("aria-busy"); } });

  const looked = document.querySelector("form[data-looked]");
  if (looked && document.visibilityState === "visible") setTimeout(() => fetch(looked.action, { method: "POST", body: new FormData(looked), credentials: "same-origin", redirect: "manual" }).catch(() => {}), 800);
})();
