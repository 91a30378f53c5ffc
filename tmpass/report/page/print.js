// The other memories of a print: the picture of each, its figures, and its buffers. On the screen they are a choice.
function fillOthers() {
  const { memory, window: shown, chosen, hovered } = state;
  Object.assign(state, { chosen: null, hovered: null });
  const found = state.view.memories.flatMap((one, at) => (at === memory || !one.buffers.length ? [] : [otherMemory(one, at)]));
  byId("printed").textContent = found.length ? `Memory ${state.view.memories[memory].name}` : "";
  Object.assign(state, { memory, window: shown, chosen, hovered });
  fillPlaces();
  byId("others").replaceChildren(...found);
}

function otherMemory(memory, at) {
  state.memory = at;
  showAll();
  draw(3);
  fillPlaces();
  const part = element("section"), picture = element("canvas"), area = element("div", "", "scroll");
  Object.assign(picture, { width: canvas.width, height: canvas.height });
  picture.getContext("2d").drawImage(canvas, 0, 0);
  const table = byId("places").cloneNode(true);
  table.removeAttribute("id");
  area.append(table);
  const figures = [`peak ${exactSize(memory.peak)}`, `lower bound ${exactSize(memory.bound)}`];
  if (memory.needed !== memory.peak) figures.push(`needed ${exactSize(memory.needed)}`);
  if (memory.capacity !== null) figures.push(`capacity ${exactSize(memory.capacity)}`);
  part.append(element("h2", `Memory ${memory.name}`), element("p", figures.join(", ")), picture, area);
  return part;
}
