/* Beside the editor: the line of a file goes to where the cursor stood. Without this it is copied by hand. */
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  const box = document.querySelector("#edit textarea[name=markdown]");
  if (!button || !box) return;
  const place = box.selectionEnd;
  const before = place && box.value[place - 1] !== "\n" ? "\n" : "";
  box.setRangeText(`${before}${button.dataset.insert}\n`, place, place, "end");
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.focus();
});
