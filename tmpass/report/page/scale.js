// The visible part of the plan, and its place on the canvas.
//
//   +--------+------------------------+
//   | bytes  |  arena                 |   window: steps [left, right), addresses [bottom, top)
//   +--------+------------------------+
//   |        |  live bytes            |
//   |        |  moved, with transfers |
//   +--------+------------------------+
//            |  steps                 |
const MARGIN = { left: 74, right: 14, top: 24, bottom: 26, between: 16 };

const state = {
  view: views[0], memory: 0, colour: "kind", found: null, hovered: null, chosen: null, step: null,
  window: { left: 0, right: 1, bottom: 0, top: 1 }, size: { width: 0, height: 0 },
};

function memoryNow() {
  return state.view.memories[state.memory] ?? state.view.memories[0];
}

// The largest window: the same for every plan in the page, so that they can be compared.
function extent() {
  const same = views.map((view) => view.memories[state.memory]).filter(Boolean);
  const peak = Math.max(1, ...same.map((memory) => memory.height));
  const capacity = memoryNow().usable ?? 0;
  const steps = Math.max(1, ...views.map((view) => view.end));
  // A capacity far above the peak would flatten the picture: it is visible only after zooming out.
  const near = capacity > 0 && capacity <= 1.4 * peak;
  return { steps, first: 1.04 * Math.max(peak, near ? capacity : 0), most: 1.04 * Math.max(peak, capacity) };
}

function showAll() {
  const { steps, first } = extent();
  state.window = { left: 0, right: steps, bottom: 0, top: first };
}

// All steps, and the addresses of buffers: constants that stay may be many times higher.
function showBuffers() {
  showAll();
  state.window.top = Math.min(state.window.top, 1.04 * Math.max(1, ...views.map((v) => v.memories[state.memory]?.peak ?? 0)));
}

function areas() {
  const { width, height } = state.size;
  const inner = height - MARGIN.top - MARGIN.bottom - MARGIN.between;
  const curve = Math.min(120, Math.round(inner * 0.22));
  const wide = Math.max(10, width - MARGIN.left - MARGIN.right);
  const arena = { x: MARGIN.left, y: MARGIN.top, w: wide, h: inner - curve };
  const below = arena.y + arena.h + MARGIN.between, foot = below + curve;
  const moved = state.view.moved.steps.length ? Math.round(curve * 0.28) : 0;
  const strip = moved ? { x: arena.x, y: foot - moved, w: wide, h: moved } : null;
  return { arena, live: { x: arena.x, y: below, w: wide, h: curve - (moved && moved + 8) }, strip, foot };
}

function scales() {
  const { arena, live, strip, foot } = areas();
  const { left, right, bottom, top } = state.window;
  const perStep = arena.w / (right - left), perByte = arena.h / (top - bottom);
  return {
    arena, live, strip, foot, perStep, perByte,
    x: (step) => arena.x + (step - left) * perStep,
    y: (address) => arena.y + arena.h - (address - bottom) * perByte,
    step: (x) => left + (x - arena.x) / perStep,
    address: (y) => bottom + (arena.y + arena.h - y) / perByte,
  };
}

// The span [from, to) scaled about `centre` and kept within [0, most), not smaller than `least`.
function scaled(from, to, centre, factor, least, most) {
  const length = Math.min(most, Math.max(least, (to - from) * factor));
  const start = centre - ((centre - from) / (to - from)) * length;
  return kept(start, length, most);
}

function kept(start, length, most) {
  const from = Math.min(Math.max(0, start), most - length);
  return [from, from + length];
}

// Zoom about a point, given in pixels; `axes` has "x", "y" or both.
function zoom(factor, px, py, axes = "xy") {
  const { steps, most } = extent(), s = scales(), w = state.window;
  if (axes.includes("x")) [w.left, w.right] = scaled(w.left, w.right, s.step(px), factor, Math.min(2, steps), steps);
  if (axes.includes("y")) [w.bottom, w.top] = scaled(w.bottom, w.top, s.address(py), factor, Math.min(16, most), most);
}

function pan(dx, dy) {
  const { steps, most } = extent(), s = scales(), w = state.window;
  [w.left, w.right] = kept(w.left - dx / s.perStep, w.right - w.left, steps);
  [w.bottom, w.top] = kept(w.bottom + dy / s.perByte, w.top - w.bottom, most);
}

// Move the window no more than needed to make `buffer` visible.
function reveal(buffer) {
  const { steps, most } = extent(), w = state.window;
  const near = (from, to, low, high, all) => {
    const length = Math.min(all, Math.max(to - from, 1.1 * (high - low)));
    if (low >= from && high <= to) return [from, to];
    return kept(low < from || high - low > to - from ? low - 0.05 * length : high - 0.95 * length, length, all);
  };
  [w.left, w.right] = near(w.left, w.right, buffer.lower, buffer.upper, steps);
  [w.bottom, w.top] = near(w.bottom, w.top, buffer.offset, buffer.offset + buffer.size, most);
}

// The buffer at a point; of several, which only a wrong plan has, the first in time.
function bufferAt(px, py) {
  const s = scales(), { arena } = s;
  if (px < arena.x || px > arena.x + arena.w || py < arena.y || py > arena.y + arena.h) return null;
  const step = s.step(px), address = s.address(py);
  // Thin rectangles are drawn one pixel high, so the pointer finds them within one.
  const slack = 0.75 / s.perByte;
  let close = null;
  for (const b of memoryNow().buffers) {
    for (const p of b.pieces) {
      if (step < p.lower || step >= p.upper) continue;
      if (address >= p.low && address < p.high) return b;
      if (address >= p.low - slack && address < p.high + slack) close = b;
    }
  }
  return close;
}
