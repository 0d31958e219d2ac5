/* Stripe's own card fields, where keys are set. The number goes from these fields to Stripe; this desk gets a token.
   Without keys this file is not loaded: the sandbox's form is plain HTML. */
(() => {
  const looks = () => {
    const of = getComputedStyle(document.body);
    const token = (name) => of.getPropertyValue(name).trim();
    const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
    return {
      theme: isDark ? "night" : "stripe",
      variables: { fontFamily: of.fontFamily, fontSizeBase: of.fontSize, borderRadius: token("--r2") || "10px", colorPrimary: "#1f6f57" },
    };
  };

  for (const form of document.querySelectorAll("form[data-stripe]")) {
    const place = form.querySelector("[data-card-fields]");
    const wrong = form.querySelector("[data-card-error]");
    const token = form.querySelector("[name=card_token]");
    const button = form.querySelector("button:not([type=button])");
    const kept = [...form.querySelectorAll("[name=which]")];
    const say = (words) => { wrong.textContent = words; wrong.hidden = !words; if (words) { wrong.setAttribute("role", "alert"); wrong.tabIndex = -1; wrong.focus(); } };
    if (typeof Stripe === "undefined") {
      say("The card fields of our payment provider did not load. Load the page again, or pay by bank transfer.");
      continue;
    }

    const stripe = Stripe(form.dataset.stripe);
    const asked = form.dataset.amount
      ? { mode: "payment", amount: Number(form.dataset.amount), currency: form.dataset.currency }
      : { mode: "setup", currency: "usd", setupFutureUsage: "off_session" };
    const elements = stripe.elements({ ...asked, appearance: looks() });
    elements.create("payment", { layout: "tabs" }).mount(place);

    const wantsNew = () => !kept.length || kept.some((one) => one.checked && one.value === "another");
    const show = () => { place.hidden = !wantsNew(); };
    for (const one of kept) one.addEventListener("change", show);
    show();
    // Whoever comes back to this page with the browser's button types another card: its token is another one.
    addEventListener("pageshow", () => { token.value = ""; });

    form.addEventListener("submit", async (event) => {
      if (token.value || !wantsNew()) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      say("");
      button.setAttribute("aria-disabled", "true");
      const checked = await elements.submit();
      const made = checked.error ? checked : await stripe.createConfirmationToken({ elements });
      button.removeAttribute("aria-disabled");
      if (made.error) { say(made.error.message); return; }
      token.value = made.confirmationToken.id;
      form.requestSubmit(button);
    }, true);
  }
})();
