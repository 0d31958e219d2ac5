/* "Did this help?" without leaving the article. Without this the two links lead to a page with the same form. */
(() => {
  const box = document.querySelector("[data-helped]");
  if (!box) return;
  const page = async (address, options) => {
    const answer = await fetch(address, { credentials: "same-origin", ...options });
    if (!answer.ok) throw new Error(String(answer.status));
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  };
  box.addEventListener("click", async (event) => {
    const link = event.target.closest("a[href*='helped=']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (box.hasAttribute("aria-busy")) return;
    box.setAttribute("aria-busy", "true");
    try {
      const form = (await page(link.href)).querySelector("[data-answer] form");
      const words = new FormData(form);
      words.set("helped", new URL(link.href).searchParams.get("helped"));
      const answer = (await page(form.action, { method: "POST", body: words })).querySelector("[data-answer]");
      const heading = answer.querySelector("h1");
      const title = document.createElement("h2");
      title.className = "lg";
      title.tabIndex = -1;
      title.append(...heading.childNodes);
      heading.replaceWith(title);
      answer.classList.add("grow");
      box.replaceChildren(document.adoptNode(answer));
      title.focus();
    } catch { location.assign(link.href); }
    box.removeAttribute("aria-busy");
  });
})();
