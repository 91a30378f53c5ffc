// The table of all buffers of the memory: addresses in hex, a filter, and a column to sort by.
let placesListed = FEW;
let sorted = { column: "steps", down: false };

const COLUMNS = [
  ["tensor", "name", (b) => labelOf(b)],
  ["operator", "kind", (b) => colours[b.kind].kind],
  ["bytes", "number", (b) => b.size],
  ["address", "number", (b) => b.offset],
  ["end", "number", (b) => b.offset + b.size],
  ["steps", "number", (b) => b.lower],
];

// Whether a buffer has the text in a name or its kind; with "0x..." the bytes at that address, with a number the step.
function filterOf(text) {
  const asked = text.trim().toLowerCase();
  if (/^0x[0-9a-f]+$/.test(asked)) {
    const at = parseInt(asked, 16);
    return (b) => b.offset <= at && at < b.offset + b.size;
  }
  if (/^\d+$/.test(asked)) {
    const step = Number(asked);
    return (b) => (b.lower <= step && step < b.upper) || b.tensors.some((t) => t.name.includes(asked));
  }
  return (b) => colours[b.kind].kind.toLowerCase().includes(asked) || b.tensors.some((t) => t.name.toLowerCase().includes(asked));
}

function fillPlaces() {
  const all = memoryNow().buffers.filter((b) => !b.constant), keep = filterOf(byId("filter").value);
  const value = COLUMNS.find(([name]) => name === sorted.column)[2], way = sorted.down ? -1 : 1;
  const found = all.filter(keep).map((b) => [value(b), b]);
  found.sort(([a, one], [b, other]) => way * (a < b ? -1 : a > b ? 1 : 0) || one.lower - other.lower || one.offset - other.offset);
  byId("places-where").textContent = `${all.length} in ${memoryNow().name}`
    + (found.length < all.length ? `; ${found.length} found` : "");
  byId("all-places").hidden = found.length <= placesListed;
  byId("all-places").textContent = `Show all ${found.length}`;
  const head = element("thead"), line = element("tr"), body = element("tbody");
  for (const [name, kind] of COLUMNS) {
    const cell = element("th", "", kind), button = element("button", name, "sort");
    button.type = "button";
    const chosen = sorted.column === name;
    cell.setAttribute("aria-sort", chosen ? (sorted.down ? "descending" : "ascending") : "none");
    button.addEventListener("click", () => {
      sorted = { column: name, down: chosen ? !sorted.down : name === "bytes" };
      fillPlaces();
      [...byId("places").querySelectorAll("th button")][COLUMNS.findIndex(([other]) => other === name)].focus();
    });
    cell.append(button);
    line.append(cell);
  }
  head.append(line);
  body.append(...found.slice(0, placesListed).map(([, b]) => placeRow(b)));
  byId("places").replaceChildren(head, body);
  byId("places").classList.toggle("whole", placesListed === Infinity);
  markRow();
}

function placeRow(buffer) {
  const row = element("tr"), name = element("td", "", "name"), last = buffer.upper - 1;
  name.append(spotOf(buffer), linkTo(buffer), buffer.tensors.length > 1 ? ` and ${buffer.tensors.length - 1} more` : "");
  row.append(name, element("td", colours[buffer.kind].kind, "kind"), element("td", String(buffer.size), "number"),
    element("td", hex(buffer.offset), "number"), element("td", hex(buffer.offset + buffer.size), "number"),
    element("td", last === buffer.lower ? `${last}` : `${buffer.lower}\u2013${last}`, "number"));
  row.addEventListener("click", (event) => {
    event.preventDefault();
    choose(buffer);
    canvas.scrollIntoView({ block: "nearest" });
  });
  row.buffer = buffer;
  return row;
}

byId("filter").addEventListener("input", () => { placesListed = FEW; fillPlaces(); });
byId("all-places").addEventListener("click", () => { placesListed = Infinity; fillPlaces(); });
