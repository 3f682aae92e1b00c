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
