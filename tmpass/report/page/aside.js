// The parts around the picture: figures, legend, and the buffers alive at the peak step.
function fillHead() {
  const view = state.view, memory = memoryNow();
  const verdict = element("b", view.verdict, view.fits ? "" : "bad");
  document.getElementById("verdict").replaceChildren(verdict, ` \u2014 ${view.how}${view.leftOut ? `; not counted: ${view.leftOut}` : ""}`,
    view.moved.text ? `; moved: ${view.moved.text} (arrows, and bars below)` : "", view.time ? `; one run: ${view.time}` : "");
  const lost = memory.peak - memory.full.bytes;
  const figures = [["peak", memory.peak, saved(memory)], ["live bytes at the peak step", memory.full.bytes, lost ? `fragmentation ${shortSize(lost)}` : "no fragmentation"],
    ["lower bound", memory.bound, memory.peak > memory.bound ? `gap ${shortSize(memory.peak - memory.bound)}` : "reached"]];
  if (memory.needed !== memory.peak) figures.push(["needed", memory.needed, ""]);
  if (memory.capacity !== null) figures.push(["capacity", memory.capacity, [memory.used, memory.needed > memory.capacity ? `${shortSize(memory.needed - memory.capacity)} missing` : "", memory.assumed].filter(Boolean).join("; ")]);
  document.getElementById("figures").replaceChildren(...figures.map(([name, bytes, note]) => {
    const box = element("div"), value = element("dd", exactSize(bytes));
    if (note) value.append(" ", element("small", note));
    box.append(element("dt", name), value);
    return box;
  }));
}

// The bars of the memories: the parts that are needed, against the capacity. One memory of buffers needs none.
const PARTS = [["buffers", "#7fb2f0"], ["constants", "#c3c9a5"], ["runtime", "#b9a3e3"], ["reserve", "#b8b8b8"]];

function fillNeeds() {
  const { needs } = state.view;
  const alone = needs.length === 1 && needs[0].parts.slice(1).every((bytes) => !bytes);
  document.getElementById("needs").replaceChildren(...(alone ? [] : needs.map(({ name, capacity, needed, parts, text }) => {
    const item = element("li"), bar = element("span", "", "bar");
    if (capacity !== null && needed > capacity) bar.classList.add("over");
    const whole = Math.max(1, needed, capacity ?? 0);
    bar.append(...parts.map((bytes, at) => {
      const part = element("i");
      [part.title, part.style.background] = PARTS[at];
      part.style.width = `${(100 * bytes) / whole}%`;
      return part;
    }).filter((_, at) => parts[at]));
    item.append(element("span", name), bar, element("span", text));
    return item;
  })));
}

// How much the peak differs from that of the other plan, in percent; empty if there is no other plan.
function saved(memory) {
  const other = views.find((view) => view !== state.view)?.memories[state.memory];
  if (!other) return "";
  const than = state.view === views[0] ? "before" : "planned";
  if (other.peak === memory.peak) return `the same as ${than}`;
  const part = ((100 * Math.abs(memory.peak - other.peak)) / Math.max(1, other.peak)).toFixed(1);
  return `${part} % ${memory.peak < other.peak ? "less" : "more"} than ${than}`;
}

function fillLegend() {
  const list = document.getElementById("legend");
  if (state.colour === "size") {
    const largest = memoryNow().buffers.reduce((most, b) => Math.max(most, b.size), 0);
    const item = element("li"), ramp = element("i", "", "ramp");
    ramp.style.background = `linear-gradient(to right, ${[0, 0.25, 0.5, 0.75, 1].map(sizeColour).join(", ")})`;
    item.append("0 B ", ramp, shortSize(largest));
    list.replaceChildren(item);
    return;
  }
  const kinds = new Set(memoryNow().buffers.map((b) => b.kind));
  list.replaceChildren(...colours.filter((_, at) => kinds.has(at))
    .map(({ kind, colour }) => {
      const item = element("li"), spot = element("i");
      spot.style.background = colour;
      item.append(spot, kind);
      return item;
    }));
}

// The constants, the largest first: as many as a table is fast with, unless all are asked for.
const FEW = 200;
let listed = FEW;

function fillConstants() {
  const all = state.view.constants, asked = byId("search").value.trim().toLowerCase();
  const found = asked ? all.filter(({ name }) => name.toLowerCase().includes(asked)) : all;
  byId("constants").hidden = !all.length;
  const total = all.reduce((sum, { bytes }) => sum + bytes, 0);
  byId("constants-where").textContent = `${exactSize(total)} in ${all.length}${asked ? `, ${found.length} found` : ""}`;
  byId("all-constants").hidden = found.length <= listed;
  byId("all-constants").textContent = `Show all ${found.length}`;
  byId("weights").replaceChildren(...state.view.weights.flatMap(([name, text]) => [element("dt", name), element("dd", text)]));
  const rows = found.slice(0, listed).map((constant) => {
    const row = element("tr"), more = constant.others ? ` and ${constant.others} more` : "";
    row.append(element("td", String(constant.bytes), "number"), element("td", constant.name + more, "name"),
      element("td", readersOf(constant), "name"), element("td", constant.use, "name"), element("td", constant.why, "name"),
      element("td", constant.place, "name"));
    row.addEventListener("click", () => {
      const copy = constant.copies.find(({ memory }) => memory === state.memory);
      if (copy) choose(copy);
    });
    row.constant = constant;
    return row;
  });
  byId("held").replaceChildren(headOf([["bytes", "number"], ["constant", "name"], ["read by step", "name"],
    ["use", "name"], ["why", "name"], ["stored", "name"]]), element("tbody"));
  byId("held").tBodies[0].append(...rows);
  byId("held").classList.toggle("whole", listed === Infinity);
}

// The first operators that read a constant; nothing where the page was made without the model.
function readersOf({ readers }) {
  if (!readers) return "";
  const first = readers.slice(0, 3).map((step) => stepName(state.view, step)).join(", ");
  return readers.length > 3 ? `${first} and ${readers.length - 3} more` : first;
}

function headOf(columns) {
  const head = element("thead"), line = element("tr");
  for (const [name, kind] of columns) line.append(element("th", name, kind));
  head.append(line);
  return head;
}

function markRow() {
  for (const row of document.querySelectorAll("#full tbody tr, #places tbody tr")) row.classList.toggle("chosen", row.buffer === state.chosen);
  for (const row of document.querySelectorAll("#held tbody tr")) row.classList.toggle("chosen", row.constant === state.chosen?.constant);
}
