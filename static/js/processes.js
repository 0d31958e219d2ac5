/* The words of a step go into the reply, below what stands there. The composer saves them like any typing. */
(() => {
  document.addEventListener("click", (event) => {
    const words = event.target.closest?.("[data-say]")?.dataset.say;
    const text = document.querySelector("form[data-composer] textarea");
    if (!words || !text) return;
    const reply = document.querySelector("form[data-composer] [name=kind][value=reply]");
    if (reply && !reply.checked) { reply.checked = true; reply.dispatchEvent(new Event("change", { bubbles: true })); }
    const before = text.value.replace(/\s+$/, "");
    text.value = before ? `${before}\n\n${words}` : words;
    text.dispatchEvent(new Event("input", { bubbles: true }));
    text.focus();
    text.setSelectionRange(text.value.length, text.value.length);
  });
})();
/* A page that was put in around the panel shows it empty. Where its own loading was lost with what stood there before,
   it is fetched again. */
(() => {
  const WAIT_MS = 250;
  let timer = 0;
  const fill = () => {
    const panel = document.querySelector("#fold-process[open] #panel-process[hx-get]");
    if (panel && !panel.classList.contains("htmx-request")) htmx.ajax("GET", panel.getAttribute("hx-get"), { source: panel, target: panel, swap: "outerHTML" });
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(fill, WAIT_MS); };
  document.addEventListener("htmx:afterSettle", soon);
  document.addEventListener("desk:refreshed", soon);
})();
