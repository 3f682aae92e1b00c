// A button of a field puts it where the writer was last: into the text, or into the subject.
(() => {
  let place = document.getElementById("id_body");
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("#id_subject, #id_body")) place = event.target;
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (!button || !place) return;
    place.setRangeText(`{{ ${button.dataset.insert} }}`, place.selectionStart, place.selectionEnd, "end");
    place.focus();
    place.dispatchEvent(new Event("input", { bubbles: true }));
  });
})();
