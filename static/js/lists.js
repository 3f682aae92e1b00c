// "/" goes to the search in the top bar, unless something is being typed.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  const search = document.querySelector("[data-search]");
  if (!search || event.target.closest("input, textarea, select, [contenteditable]")) return;
  event.preventDefault();
  search.focus();
});
// The tick in the head of a list ticks all rows of the page; without this script it is not shown.
(() => {
  const show = () => document.querySelectorAll("[data-select-all]").forEach((box) => { box.hidden = false; });
  document.addEventListener("change", (event) => {
    const table = event.target.closest("table");
    if (!table) return;
    const all = table.querySelector("[data-select-all]");
    const rows = [...table.querySelectorAll(".row-check")];
    if (!all) return;
    if (event.target === all) rows.forEach((row) => { row.checked = all.checked; });
    all.checked = rows.every((row) => row.checked);
    all.indeterminate = !all.checked && rows.some((row) => row.checked);
  });
  document.addEventListener("htmx:afterSettle", show);
  show();
})();
// Of more tabs than fit, the page's own comes into sight.
document.querySelectorAll(".tabs [aria-current]").forEach((tab) => {
  const row = tab.closest(".tabs");
  const hidden = tab.getBoundingClientRect().right - row.getBoundingClientRect().right;
  if (hidden > 0) row.scrollLeft += hidden + row.clientWidth / 4;
});
