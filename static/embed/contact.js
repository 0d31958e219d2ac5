/* A contact form of a supportdesk inside this page:
     <script src="https://desk.example/embed/contact.js" data-form="shop" async></script>
   Who is signed in on this site, as its server signed it (docs/api.md): data-user, data-signed-at, data-signature.
   The form is a frame of the desk. It stands where the script stands, or in the element that data-place names.
   This page's policy has to allow the desk in script-src and frame-src, and nothing else. */
(() => {
  const script = document.currentScript;
  const form = script && script.dataset.form;
  if (!form) return;
  const desk = new URL(script.src).origin;
  const theme = script.dataset.theme;

  const frame = document.createElement("iframe");
  frame.src = `${desk}/embed/${encodeURIComponent(form)}/${theme === "light" || theme === "dark" ? `?theme=${theme}` : ""}`;
  /* Behind the #, so that neither server writes it into a log. */
  const { user, signedAt, signature } = script.dataset;
  if (user && signedAt && signature) frame.src += `#${new URLSearchParams({ signed_user: user, signed_at: signedAt, signature })}`;
  frame.title = script.dataset.title || "Contact form";
  frame.setAttribute("sandbox", "allow-forms allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox");
  frame.referrerPolicy = "origin";
  frame.width = "100%";
  frame.height = "640";
  Object.assign(frame.style, { border: "0", display: "block", width: "100%", maxWidth: "44rem", colorScheme: theme || "auto" });

  /* The frame says how tall it is, and when it was sent. Only the desk is listened to, and only a number is taken. */
  addEventListener("message", (event) => {
    if (event.origin !== desk || event.source !== frame.contentWindow || !event.data || event.data.desk !== "contact") return;
    const height = Number(event.data.height);
    if (height > 0 && height < 10000) frame.height = String(Math.ceil(height));
    if (event.data.top === true && frame.getBoundingClientRect().top < 0) frame.scrollIntoView({ block: "start" });
    if (event.data.sent) frame.dispatchEvent(new CustomEvent("supportdesk:sent", { bubbles: true, detail: { ticket: Number(event.data.sent) } }));
  });

  const place = script.dataset.place && document.querySelector(script.dataset.place);
  if (place) place.append(frame); else script.after(frame);
})();
