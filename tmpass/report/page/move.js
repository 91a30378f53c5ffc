// Pointer, wheel and keys on the canvas.
let drag = null;

function pointOf(event) {
  const box = canvas.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

function hover(point) {
  const buffer = bufferAt(point.x, point.y);
  if (buffer !== state.hovered) {
    state.hovered = buffer;
    redraw();
  }
  if (buffer) showTip(buffer, point);
  else showTip(state.chosen);
}

canvas.addEventListener("pointerdown", (event) => {
  drag = { ...pointOf(event), moved: false };
  canvas.setPointerCapture(event.pointerId);
});
canvas.addEventListener("pointermove", (event) => {
  const point = pointOf(event);
  if (!drag) return hover(point);
  if (drag.moved || Math.hypot(point.x - drag.x, point.y - drag.y) > 4) {
    pan(point.x - drag.x, point.y - drag.y);
    drag = { ...point, moved: true };
    showTip(null);
    redraw();
  }
});
canvas.addEventListener("pointerup", (event) => {
  const point = pointOf(event);
  if (drag && !drag.moved) {
    const at = stepAt(point);
    if (at !== null) state.step = at;
    choose(bufferAt(point.x, point.y), point);
    if (at !== null) chooseStep(at);
  }
  drag = null;
});
canvas.addEventListener("pointercancel", () => { drag = null; });
canvas.addEventListener("pointerleave", () => {
  if (drag) return;
  state.hovered = null;
  showTip(state.chosen);
  redraw();
});
canvas.addEventListener("dblclick", () => { showAll(); redraw(); });
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  const { x, y } = pointOf(event), { arena, live } = areas();
  const axes = x < arena.x ? "y" : y > live.y + live.h || event.shiftKey ? "x" : "xy";
  const turn = event.deltaY || event.deltaX;
  zoom(Math.exp(Math.max(-1, Math.min(1, turn * (event.deltaMode ? 0.05 : 0.0015)))), x, y, axes);
  showTip(null);
  redraw();
}, { passive: false });

// The step at a point of the arena or of what is below it; null beside them.
function stepAt({ x, y }) {
  const { arena, foot } = areas(), s = scales();
  if (x < arena.x || x >= arena.x + arena.w || y < arena.y || y > foot) return null;
  const step = Math.floor(s.step(x));
  return step < state.view.end ? step : null;
}

// The neighbour of the chosen buffer: the next in time, or the next above or below among those alive with it.
function neighbour(key) {
  const all = memoryNow().buffers, now = state.chosen;
  // Thousands of constants may be there from the first step on: from a buffer the next one is a buffer.
  const row = all.filter((b) => !b.constant === !now?.constant);
  if (!now || now.memory !== state.memory) return row[0] ?? all[0];
  const at = row.indexOf(now);
  if (key === "ArrowRight") return row[at + 1];
  if (key === "ArrowLeft") return row[at - 1];
  const up = key === "ArrowUp" ? 1 : -1;
  let best;
  for (const b of all) {
    if (b.lower >= now.upper || b.upper <= now.lower || (b.offset - now.offset) * up <= 0) continue;
    if (!best || (b.offset - best.offset) * up < 0) best = b;
  }
  return best;
}

canvas.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { arena } = areas(), x = arena.x + arena.w / 2, y = arena.y + arena.h / 2;
  if (event.key.startsWith("Arrow")) {
    const next = neighbour(event.key);
    if (next) choose(next);
  } else if (event.key === "+" || event.key === "=") zoom(0.7, x, y);
  else if (event.key === "-") zoom(1 / 0.7, x, y);
  else if (event.key === "0") showAll();
  else if (event.key === "9") showBuffers();
  else if (event.key === "[" || event.key === ",") chooseStep(stepNow() - 1);
  else if (event.key === "]" || event.key === ".") chooseStep(stepNow() + 1);
  else if (event.key === "p") chooseStep(null);
  else if (event.key === "b" && views.length > 1) turnTo(views.find((view) => view !== state.view), state.memory);
  else if (event.key === "Escape") choose(null);
  else return;
  event.preventDefault();
  if (state.chosen && event.key !== "Escape") showTip(state.chosen);
  redraw();
});
canvas.addEventListener("focus", () => {
  if (canvas.matches(":focus-visible") && !state.chosen && neighbour("ArrowRight")) choose(neighbour("ArrowRight"));
});
