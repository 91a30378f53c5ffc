// The note on a buffer: made of text nodes only, since names come from files.
const tip = document.getElementById("tip");
const NAMED = 4, LISTED = 8;

function element(tag, text = "", classes = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (classes) made.className = classes;
  return made;
}

// Show the note at `point`, in pixels of the canvas; without one, beside the buffer: for the keyboard.
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

// Put the note beside the point, on the side that has room.
function placeTip({ x, y }) {
  const { width, height } = state.size, gap = 14;
  const wide = tip.offsetWidth, high = tip.offsetHeight;
  const left = x + gap + wide <= width ? x + gap : x - gap - wide;
  const top = y + gap + high <= height ? y + gap : y - gap - high;
  tip.style.left = `${Math.max(4, Math.min(left, width - wide - 4))}px`;
  tip.style.top = `${Math.max(4, top)}px`;
}

function noteOn(buffer, step, address) {
  // Tensors written over each other have the same bytes at different times: the note names all of them.
  const there = buffer.tensors.filter((t) => address >= t.offset && address < t.offset + (t.bytes ?? 0));
  const here = (there.length ? there : buffer.tensors.slice(0, 1)).slice(0, NAMED);
  const rest = buffer.tensors.filter((t) => !here.includes(t));
  if (buffer.constant) return noteOnConstant(buffer);
  const note = here.length ? here.flatMap(noteOnTensor) : [element("b", bufferName(buffer))];
  const rows = [];
  // No operator writes an input or variable: it is alive from that step on.
  const given = here.some((t) => t.role === "input" || t.role === "variable");
  rows.push([given ? "from" : "operator", stepName(state.view, buffer.lower)]);
  const last = buffer.upper - 1;
  rows.push(["live", last === buffer.lower ? `step ${last} only` : `steps ${buffer.lower} to ${last}`]);
  if (last !== buffer.lower) rows.push(["until", stepName(state.view, last)]);
  if (buffer.about) rows.push(["row", buffer.about]);
  if (buffer.spilled) rows.push(["then", `spilled before step ${stepName(state.view, buffer.upper)}`]);
  rows.push(["addresses", `${buffer.offset} to ${buffer.offset + buffer.size - 1}`]);
  rows.push(["in hex", `${hex(buffer.offset)} to ${hex(buffer.offset + buffer.size - 1)}`]);
  if (buffer.tensors.length !== 1) rows.push(["buffer", `${buffer.id}, ${exactSize(buffer.size)}`]);
  const piece = buffer.pieces.find((p) => step >= p.lower && step < p.upper);
  if (piece && piece.high - piece.low < buffer.size) {
    rows.push(["in use here", `${exactSize(piece.high - piece.low)}, addresses ${piece.low} to ${piece.high - 1}`]);
  }
  note.push(tableOf(rows));
  if (rest.length) note.push(others(rest));
  return note;
}

function noteOnConstant(copy) {
  const { constant } = copy, note = noteOnTensor(copy.tensors[0]), rows = [];
  if (constant.others) rows.push(["also", `${constant.others} more with these bytes`]);
  rows.push(["stored", constant.place], ["use", constant.use]);
  if (copy.size < constant.bytes) rows.push(["in pieces", `of ${exactSize(copy.size)}`]);
  const last = copy.upper - 1;
  rows.push(["there", last === copy.lower ? `in step ${stepName(state.view, last)}` : `steps ${copy.lower} to ${last}`]);
  rows.push(["addresses", `${copy.offset} to ${copy.offset + copy.size - 1}`]);
  note.push(tableOf(rows));
  return note;
}

function noteOnTensor(tensor) {
  const rows = [["tensor", `${tensor.role}, ${tensor.dtype}${shapeOf(tensor)}`]];
  rows.push(["bytes", tensor.bytes === null ? "not known" : exactSize(tensor.bytes)]);
  if (tensor.reason) rows.push(["shares", tensor.reason]);
  return [element("b", tensor.name), tableOf(rows)];
}

function tableOf(rows) {
  const table = element("table");
  for (const [what, value] of rows) table.insertRow().append(element("th", what), element("td", value));
  return table;
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
