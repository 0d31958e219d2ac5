/* A page that waits for a bank: it asks every two seconds whether there is an answer, and goes there when there is.
   Without this script the page has a link, and loads itself again. */
(() => {
  const EVERY = 2000;
  const look = async () => {
    try {
      const answer = await fetch(location.href, { redirect: "manual", cache: "no-store" });
      if (answer.type === "opaqueredirect" || answer.ok === false) { location.reload(); return; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!page.querySelector("[data-waits]")) { location.reload(); return; }
    } catch { /* offline: try again */ }
    setTimeout(look, EVERY);
  };
  if (document.querySelector("[data-waits]")) setTimeout(look, EVERY);
})();
