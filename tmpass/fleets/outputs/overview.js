"use strict";
const form = document.getElementById("filter");
const body = document.querySelector("#rows tbody");
const heads = [...document.querySelectorAll("#rows thead th")];
const rows = [...body.rows].map((row) => ({
  row,
  name: row.cells[0].textContent.toLowerCase(),
  target: row.cells[1].textContent,
  state: row.dataset.state,
}));

function filter() {
  const text = form.elements.text.value.trim().toLowerCase();
  const target = form.elements.target.value;
  const state = form.elements.state.value;
  let shown = 0;
  for (const one of rows) {
    const hidden = !one.name.includes(text) || (target && one.target !== target) || (state && one.state !== state);
    one.row.hidden = Boolean(hidden);
    shown += hidden ? 0 : 1;
  }
  document.getElementById("count").textContent = shown + " of " + rows.length + " rows";
}

function value(row, column) {
  const cell = row.cells[column];
  return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
}

function sort(column) {
  const head = heads[column];
  const down = head.getAttribute("aria-sort") === "ascending";
  for (const other of heads) other.setAttribute("aria-sort", "none");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const keyed = rows.map((one, at) => ({ one, at, key: value(one.row, column) }));
  keyed.sort((a, b) => {
    const order = a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
    return (down ? -order : order) || a.at - b.at;
  });
  body.append(...keyed.map((one) => one.one.row));
}

heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => sort(column)));
form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
filter();
