// The note on a buffer: made of text nodes only, for names come from files.
const tip = document.getElementById("tip");
const LISTED = 8;

function element(tag, text = "", classes = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (classes) made.className = classes;
  return made;
}

// At `point`, in pixels of the canvas; without one it is beside the buffer, as the keyboard has it.
function showTip(buffer, point) {
  if (!buffer) {
    tip.hidden = true;
    return;
  }
  const s = scales();
  const address = point ? s.address(point.y) : buffer.offset;
  const step = point ? Math.floor(s.step(point.x)) : buffer.lower;
  tip.replaceChildren(...noteOn(buffer, step, address));
  tip.hidden = false;
  placeTip(point ?? middleOf(s, buffer));
}

function middleOf(s, buffer) {
  const clip = (value, low, high) => Math.min(Math.max(value, low), high);
  const { arena } = s;
  return {
    x: clip(s.x((buffer.lower + buffer.upper) / 2), arena.x, arena.x + arena.w),
    y: clip(s.y(buffer.offset + buffer.size / 2), arena.y, arena.y + arena.h),
  };
}

// Beside the point, on the side with room for it.
function placeTip({ x, y }) {
  const { width, height } = state.size, gap = 14;
  const wide = tip.offsetWidth, high = tip.offsetHeight;
  const left = x + gap + wide <= width ? x + gap : x - gap - wide;
  const top = y + gap + high <= height ? y + gap : y - gap - high;
  tip.style.left = `${Math.max(4, Math.min(left, width - wide - 4))}px`;
  tip.style.top = `${Math.max(4, top)}px`;
}

function noteOn(buffer, step, address) {
  const here = buffer.tensors.filter((t) => address >= t.offset && address < t.offset + (t.bytes ?? 0));
  const first = here[0] ?? buffer.tensors[0];
  const rest = buffer.tensors.filter((t) => t !== first);
  const rows = [];
  if (first) {
    rows.push(["tensor", `${first.role}, ${first.dtype}${shapeOf(first)}`]);
    rows.push(["bytes", first.bytes === null ? "not known" : exactSize(first.bytes)]);
    if (first.reason) rows.push(["shares", first.reason]);
  }
  rows.push(["operator", stepName(state.view, buffer.lower)]);
  const last = buffer.upper - 1;
  rows.push(["live", last === buffer.lower ? `step ${last} only` : `steps ${buffer.lower} to ${last}`]);
  if (last !== buffer.lower) rows.push(["until", stepName(state.view, last)]);
  rows.push(["addresses", `${buffer.offset} to ${buffer.offset + buffer.size - 1}`]);
  if (!first || rest.length) rows.push(["buffer", `${buffer.id}, ${exactSize(buffer.size)}`]);
  const piece = buffer.pieces.find((p) => step >= p.lower && step < p.upper);
  if (piece && piece.high - piece.low < buffer.size) {
    rows.push(["in use here", `${exactSize(piece.high - piece.low)}, addresses ${piece.low} to ${piece.high - 1}`]);
  }
  const table = element("table");
  for (const [what, value] of rows) {
    const row = table.insertRow();
    row.append(element("th", what), element("td", value));
  }
  const note = [element("b", first ? first.name : bufferName(buffer)), table];
  if (rest.length) note.push(others(rest));
  return note;
}

function others(rest) {
  const box = element("div", "in the same buffer:", "others");
  for (const t of rest.slice(0, LISTED)) box.append(element("div", t.name + (t.reason ? ` (${t.reason})` : "")));
  if (rest.length > LISTED) box.append(element("div", `and ${rest.length - LISTED} more`));
  return box;
}

function shapeOf(tensor) {
  if (tensor.shape === null) return ", shape not known";
  return tensor.shape.length ? ` ${tensor.shape.join(" \u00d7 ")}` : ", scalar";
}
