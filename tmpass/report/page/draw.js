// The canvas: rectangles, axes, the capacity, the curve of live bytes, the peak step.
const canvas = document.getElementById("canvas");
const pen = canvas.getContext("2d");
let hues = {};
let waiting = false;

function readHues() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["ground", "ink", "quiet", "line", "edge", "strong", "limit", "over", "full", "curve", "copy"]) {
    hues[name] = style.getPropertyValue(`--${name}`).trim();
  }
}

// One drawing per frame, however many events request it.
function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; draw(); });
}

function draw(sharpness = window.devicePixelRatio || 1) {
  const box = canvas.getBoundingClientRect();
  state.size = { width: box.width, height: box.height };
  const width = Math.round(box.width * sharpness), height = Math.round(box.height * sharpness);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  pen.setTransform(sharpness, 0, 0, sharpness, 0, 0);
  pen.clearRect(0, 0, box.width, box.height);
  pen.font = "11px system-ui, sans-serif";
  const s = scales();
  drawGrid(s);
  within(s.arena, () => { drawOver(s); drawFull(s, s.arena); drawBuffers(s); drawCopies(s); drawMarked(s); });
  drawCapacity(s);
  drawLive(s);
  drawMoved(s);
  drawStep(s);
}

function within({ x, y, w, h }, work) {
  pen.save();
  pen.beginPath();
  pen.rect(x, y, w, h);
  pen.clip();
  work();
  pen.restore();
}

// Round numbers about `room` pixels apart: whole steps, and powers of two for bytes.
function ticks(from, to, pixels, room, binary) {
  const least = ((to - from) * room) / pixels;
  let step = binary ? 2 ** Math.ceil(Math.log2(Math.max(1, least))) : 10 ** Math.ceil(Math.log10(Math.max(1, least)));
  if (!binary) for (const part of [5, 2]) if (step % part === 0 && step / part >= least) { step /= part; break; }
  const found = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) found.push(at);
  return found;
}

function drawGrid(s) {
  const { arena, live, foot } = s, w = state.window;
  pen.lineWidth = 1;
  pen.strokeStyle = hues.line;
  pen.fillStyle = hues.quiet;
  pen.textBaseline = "middle";
  pen.textAlign = "right";
  for (const at of ticks(w.bottom, w.top, arena.h, 44, true)) {
    rule(arena.x, s.y(at), arena.x + arena.w, s.y(at));
    pen.fillText(shortSize(at), arena.x - 6, s.y(at));
  }
  pen.textAlign = "center";
  pen.textBaseline = "top";
  for (const at of ticks(w.left, w.right, arena.w, 56, false)) {
    if (at >= state.view.end) continue;
    // The number is below the centre of its step where steps are wide, and otherwise below its left edge.
    const x = s.x(at) + (s.perStep > 12 ? s.perStep / 2 : 0);
    pen.fillText(String(at), x, foot + 5);
    rule(x, foot, x, foot + 3);
  }
  pen.textAlign = "right";
  pen.fillText("step", arena.x - 6, foot + 5);
  frame(arena);
  frame(live);
}

function rule(x0, y0, x1, y1) {
  pen.beginPath();
  pen.moveTo(Math.round(x0) + 0.5, Math.round(y0) + 0.5);
  pen.lineTo(Math.round(x1) + 0.5, Math.round(y1) + 0.5);
  pen.stroke();
}

function frame({ x, y, w, h }) {
  pen.strokeStyle = hues.line;
  pen.strokeRect(x - 0.5, y - 0.5, w + 1, h + 1);
}

function colourOf(buffer, largest) {
  if (state.colour === "kind") return colours[buffer.kind].colour;
  return sizeColour(Math.sqrt(buffer.size / largest));
}

// From pale yellow to deep orange: light enough for dark text throughout.
function sizeColour(part) {
  return `hsl(${Math.round(56 - 40 * part)} ${Math.round(45 + 45 * part)}% ${Math.round(88 - 28 * part)}%)`;
}

function drawBuffers(s) {
  const memory = memoryNow(), w = state.window;
  const largest = memory.buffers.reduce((most, b) => Math.max(most, b.size), 1);
  const named = [];
  pen.strokeStyle = hues.edge;
  pen.lineWidth = 1;
  for (const b of memory.buffers) {
    if (b.lower >= w.right) break; // they are sorted by their first step
    if (b.upper <= w.left) continue;
    pen.globalAlpha = state.found && !state.found.has(b) ? 0.16 : 1;
    pen.fillStyle = colourOf(b, largest);
    for (const p of b.pieces) {
      if (p.high <= w.bottom || p.low >= w.top || p.lower >= w.right || p.upper <= w.left) continue;
      const box = boxOf(s, p);
      pen.fillRect(box.x, box.y, box.w, box.h);
      if (box.w > 3 && box.h > 3) pen.strokeRect(box.x + 0.5, box.y + 0.5, box.w - 1, box.h - 1);
      if (box.w > 34 && box.h > 12 && pen.globalAlpha === 1) named.push([b, box]);
    }
  }
  pen.globalAlpha = 1;
  pen.fillStyle = "#14171c";
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  for (const [b, box] of named) drawName(s, labelOf(b), box);
}

// Arrows of spills and fetches: up out of the bytes that are read, down into those that are written.
function drawCopies(s) {
  for (const [hue, wide] of [[hues.ground, 5], [hues.copy, 2]]) { // with an edge, to be seen on any colour
    pen.strokeStyle = hue;
    pen.lineWidth = wide;
    for (const b of memoryNow().buffers) {
      const y = (s.y(b.offset) + s.y(b.offset + b.size)) / 2;
      if (b.begins) arrow(s.x(b.lower), y, 1);
      if (b.spilled) arrow(s.x(b.upper), y, -1);
    }
  }
}

function arrow(x, y, way) {
  const tip = way > 0 ? y : y - 12;
  pen.beginPath();
  pen.moveTo(x, y - 12);
  pen.lineTo(x, y);
  pen.moveTo(x - 4, tip - 4 * way);
  pen.lineTo(x, tip);
  pen.lineTo(x + 4, tip - 4 * way);
  pen.stroke();
}

function drawName(s, name, box) {
  const left = Math.max(box.x, s.arena.x), right = Math.min(box.x + box.w, s.arena.x + s.arena.w);
  const room = Math.floor((right - left - 8) / 5.9);
  if (room < 3) return;
  const text = shortened(name, room);
  // At the centre of the visible part.
  const top = Math.max(box.y, s.arena.y), bottom = Math.min(box.y + box.h, s.arena.y + s.arena.h);
  pen.fillText(text, left + 4, (top + bottom) / 2, right - left - 6);
}

// The end of a name is more specific: of whole segments, where these fit.
function shortened(name, room) {
  if (name.length <= room) return name;
  let start = name.length + 1 - room;
  for (let at = start - 1; at < name.length - 1; at++) if ("/.;".includes(name[at])) { start = at + 1; break; }
  return `\u2026${name.slice(start)}`;
}

// At least one pixel wide and high, so that every buffer is visible.
function boxOf(s, p) {
  const x = s.x(p.lower), y = s.y(p.high);
  return { x, y, w: Math.max(1, s.x(p.upper) - x), h: Math.max(1, s.y(p.low) - y) };
}

function drawMarked(s) {
  for (const b of new Set([state.chosen, state.hovered])) {
    if (!b || b.memory !== state.memory) continue;
    pen.strokeStyle = hues.ink;
    pen.lineWidth = b === state.chosen ? 3 : 2;
    for (const p of b.pieces) {
      const box = boxOf(s, p);
      pen.strokeRect(box.x, box.y, box.w, box.h);
    }
    // The tensors inside the buffer, where it has several.
    pen.lineWidth = 1;
    for (const t of b.constant ? [] : b.tensors) {
      if (t.offset === b.offset && t.bytes === b.size) continue;
      const box = boxOf(s, { lower: b.lower, upper: b.upper, low: t.offset, high: t.offset + (t.bytes ?? 0) });
      pen.setLineDash([3, 3]);
      pen.strokeRect(box.x, box.y, box.w, box.h);
      pen.setLineDash([]);
    }
  }
}

function drawFull(s, area) {
  const { full } = memoryNow();
  if (!full.rows.length) return;
  pen.fillStyle = hues.full;
  pen.fillRect(s.x(full.step), area.y, Math.max(2, s.perStep), area.h);
}

// The addresses above the capacity, where the plan has any of them.
function drawOver(s) {
  const { usable, height } = memoryNow(), { arena } = s;
  if (usable === null || height <= usable || s.y(usable) <= arena.y) return;
  pen.fillStyle = hues.over;
  pen.fillRect(arena.x, arena.y, arena.w, s.y(usable) - arena.y);
}

function drawCapacity(s) {
  const { usable, usable_name: text, used, full } = memoryNow(), { arena } = s, w = state.window;
  pen.textBaseline = "bottom";
  if (full.rows.length && full.step < w.right && full.step + 1 > w.left) {
    pen.fillStyle = hues.strong;
    const x = s.x(full.step) + s.perStep / 2, share = (x - arena.x) / arena.w;
    pen.textAlign = share < 0.15 ? "left" : share > 0.85 ? "right" : "center";
    pen.fillText(`peak step ${full.step}, ${shortSize(full.bytes)}`, Math.min(Math.max(x, arena.x), arena.x + arena.w), arena.y - 4);
  }
  if (usable === null) return;
  pen.fillStyle = pen.strokeStyle = hues.limit;
  pen.textAlign = "right";
  const inside = usable >= w.bottom && usable <= w.top;
  if (inside) {
    within(arena, () => {
      pen.lineWidth = 2;
      pen.setLineDash([7, 4]);
      pen.beginPath();
      pen.moveTo(arena.x, s.y(usable));
      pen.lineTo(arena.x + arena.w, s.y(usable));
      pen.stroke();
      pen.setLineDash([]);
    });
    labelled(text, arena.x + arena.w - 6, s.y(usable) - 4);
  } else if (usable > w.top) {
    labelled(`\u2191 ${text}${used ? `, ${used}` : ""}`, arena.x + arena.w - 6, arena.y + 16);
  }
}

// A label with a ground, readable over rectangles.
function labelled(text, x, y) {
  const wide = pen.measureText(text).width;
  const hue = pen.fillStyle;
  pen.fillStyle = hues.ground;
  pen.globalAlpha = 0.85;
  pen.fillRect(x - wide - 3, y - 13, wide + 6, 15);
  pen.globalAlpha = 1;
  pen.fillStyle = hue;
  pen.fillText(text, x, y);
}
