// Choosing a time: somebody whose zone nobody knows yet sees times in that of their browser.
const select = document.querySelector("select[data-zone=guess]");
if (select && !location.search && !document.querySelector("#book")) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (select.value !== here && [...select.options].some((option) => option.value === here)) {
    location.replace(`?tz=${encodeURIComponent(here)}`);
  }
}
