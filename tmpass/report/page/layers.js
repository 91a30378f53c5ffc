// The operators that read constants, in the order of the schedule: bytes, where these are, and why.
let layersListed = FEW;

function fillLayers() {
  const { layers, constants, steps } = state.view, asked = byId("search").value.trim().toLowerCase();
  const found = asked ? layers.filter(({ step }) => steps[step].name.toLowerCase().includes(asked)) : layers;
  const box = byId("by-operator");
  box.hidden = !layers.length;
  if (!layers.length) return;
  byId("layers-where").textContent = `${layers.length} operator${layers.length === 1 ? "" : "s"} that read constants`
    + (asked ? `, ${found.length} found` : "");
  byId("all-layers").hidden = found.length <= layersListed;
  byId("all-layers").textContent = `Show all ${found.length}`;
  const used = ["resident", "streamed", "read in place"].filter((place) => layers.some(({ places }) => place in places));
  const rows = found.slice(0, layersListed).map(({ step, bytes, places, reason, many }) => {
    const row = element("tr"), first = constants[reason], { kind, name } = steps[step];
    row.append(element("td", String(step), "number"), element("td", kind, "kind"), element("td", String(bytes), "number"),
      ...used.map((place) => element("td", String(places[place] ?? ""), "number")),
      element("td", (many ? `${first.bytes} B: ` : "") + first.why, "name"), element("td", name, "name"));
    row.addEventListener("click", () => {
      const copies = first.copies.filter(({ memory }) => memory === state.memory);
      const copy = copies.find(({ lower, upper }) => lower <= step && step < upper);
      if (copy) choose(copy);
    });
    return row;
  });
  byId("layers").replaceChildren(headOf([["step", "number"], ["kind", "name"], ["weights", "number"],
    ...used.map((place) => [place, "number"]), ["why", "name"], ["operator", "name"]]), element("tbody"));
  byId("layers").tBodies[0].append(...rows);
  byId("layers").classList.toggle("whole", layersListed === Infinity);
}
