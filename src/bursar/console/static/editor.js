// A fault's place is a link; with this script it leads to the very character in the text.
"use strict";

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-line]");
  const area = link && document.getElementById("f-document");
  if (!area) return;
  event.preventDefault();
  const lines = area.value.split("\n");
  const line = Math.min(Number(link.dataset.line), lines.length);
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  const start = before + Math.min(Number(link.dataset.column) - 1, lines[line - 1].length);
  area.focus();
  area.setSelectionRange(start, before + lines[line - 1].length);
  area.scrollTop = (line - 6) * (area.scrollHeight / lines.length);
});
