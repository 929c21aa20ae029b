"use strict";
// Tables sort by a click (or Enter) on a column's name, and one is filtered by words.

function keyOf(row, column) {
  const cell = row.cells[column];
  const value = cell.dataset.value;
  const text = cell.textContent.trim();
  if (value !== undefined) return value === "" ? null : Number(value);
  return text;
}

function compare(one, other, sign) {
  if (one === null || other === null) return (one === null) - (other === null);
  const byText = () => String(one).localeCompare(String(other), undefined, { numeric: true });
  return sign * (typeof one === "number" && typeof other === "number" ? one - other : byText());
}

function sortBy(table, heading, column) {
  const descending = heading.getAttribute("aria-sort") === "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => [keyOf(row, column), row]);
  rows.sort((one, other) => compare(one[0], other[0], descending ? -1 : 1));
  body.append(...rows.map(([, row]) => row));
}

for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sortBy(table, heading, column));
    heading.append(button);
  });
}

for (const input of document.querySelectorAll("input[data-filters]")) {
  const rows = [...document.getElementById(input.dataset.filters).tBodies[0].rows];
  const said = document.getElementById("said");
  const filter = () => {
    const words = input.value.toLowerCase().split(/\s+/);
    for (const row of rows) {
      const text = [...row.cells].map((cell) => cell.textContent.toLowerCase()).join(" ");
      row.hidden = !words.every((word) => text.includes(word));
    }
    said.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} shown`;
  };
  input.addEventListener("input", filter);
  input.closest(".filter").hidden = false;
  filter();
}

// What a link leads to is opened.
function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let one = target; one; one = one.parentElement) if (one.localName === "details") one.open = true;
  if (target) target.scrollIntoView();
}
addEventListener("hashchange", openTarget);
if (location.hash) openTarget();
