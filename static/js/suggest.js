/* Answers while somebody writes to us: when they pause, what stands in the form is asked about, and what may answer it
   stands below. Sending waits for nothing here, and a list that cannot be had is simply not there. */
(() => {
  const PAUSE_MS = 400;
  const SHORTEST = 3;
  for (const place of document.querySelectorAll("[data-suggest]")) {
    const form = place.closest("form");
    const says = form.querySelector("[data-suggest-says]");
    const fields = ["subject", "text"].map((name) => form.elements[name]).filter(Boolean);
    const words = () => fields.map((field) => field.value.trim()).join(" ").trim();
    let timer = 0;
    let request = null;
    let asked = "";

    const show = (html) => {
      if (place.dataset.shown === html) return;
      place.dataset.shown = html;
      if (place.contains(document.activeElement)) return;   /* nobody loses what they are about to press */
      place.innerHTML = html;   /* our own server's answer; text in it is escaped there */
      const count = place.querySelectorAll("li").length;
      if (says) says.textContent = count ? `${place.querySelector("h2").textContent}: ${count}` : "";
    };
    const ask = async () => {
      const typed = words();
      if (typed === asked) return;
      asked = typed;
      request?.abort();
      if (typed.length < SHORTEST) { show(""); return; }
      request = new AbortController();
      const body = new FormData();
      for (const name of ["csrfmiddlewaretoken", "suggest", "address", "subject", "text", "topic"]) if (form.elements[name]) body.set(name, form.elements[name].value.slice(0, 2000));
      try {
        const response = await fetch(place.dataset.suggest, { method: "POST", body, credentials: "same-origin", redirect: "error", signal: request.signal });
        if (response.ok) show((await response.text()).trim());
      } catch { /* left, offline or slow: sending works all the same */ }
    };
    for (const field of fields) field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, PAUSE_MS); });
    if (words().length >= SHORTEST) ask();
  }
})();
