// The plans in the page: the rows that data.py wrote, with named fields.
const byId = (id) => document.getElementById(id);
const page = JSON.parse(document.getElementById("data").textContent);
const colours = page.colours.map(([kind, colour]) => ({ kind: shown(kind), colour }));
const views = page.views.map(readView);

// A name from a file, with escapes for invisible characters and text direction; only the ends of a very long one.
function shown(name) {
  const text = name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
  return text.length > 1000 ? `${text.slice(0, 498)}...${text.slice(-499)}` : text;
}

function readView(raw) {
  const steps = raw.steps.map(([kind, name]) => ({ kind: shown(kind), name: shown(name) }));
  const tensors = raw.tensors.map(([name, dtype, shape, bytes, role, offset, reason, subgraph, index, label]) =>
    ({ raw: name, name: shown(name), label: shown(label ?? name), dtype, shape, bytes, role, offset, reason, key: `${subgraph}:${index}` }));
  const buffers = raw.buffers.map(([id, memory, offset, size, lower, upper, kind, at, pieces]) => ({
    id, memory, offset, size, lower, upper, kind,
    tensors: at.map((i) => tensors[i]),
    // Steps [lower, upper) and addresses [low, high) in use; one rectangle where the whole buffer always is.
    pieces: (pieces || [[lower, upper, 0, size]]).filter(([, , low, high]) => low < high)
      .map(([from, to, low, high]) => ({ lower: from, upper: to, low: offset + low, high: offset + high })),
  }));
  // A buffer that leaves the scratchpad has several rows. Its tensors are as far from each of them as from the first.
  const moved = raw.transfers ?? { text: "", steps: [], rows: [] };
  for (const [id, by, begins, spilled, text] of moved.rows) {
    const row = buffers[id];
    Object.assign(row, { begins, spilled, about: shown(text), tensors: row.tensors.map((t) => by ? { ...t, offset: t.offset + by } : t) });
  }
  // A copy of a constant, or one that is stored in a memory with buffers, is drawn as a buffer of one tensor.
  const known = raw.constants.known.map(([name, dtype, shape, bytes, others, place, use, why, readers, label]) =>
    ({ name: shown(name), label: shown(label || name), dtype, shape, bytes, others, place: shown(place), use, why: shown(why), readers, copies: [] }));
  const constants = raw.constants.rows.map(([memory, offset, size, lower, upper, kind, at]) => {
    const constant = known[at], { name, label, dtype, shape, bytes } = constant;
    const tensor = { name, label, dtype, shape, bytes, role: "constant", offset, reason: "", key: null };
    const copy = { id: null, constant, memory, offset, size, lower, upper, kind, tensors: [tensor],
      pieces: [{ lower, upper, low: offset, high: offset + size }] };
    constant.copies.push(copy);
    return copy;
  });
  const layers = raw.constants.layers.map(([step, bytes, places, reason, many]) => ({ step, bytes, places, reason, many }));
  const end = buffers.reduce((last, b) => Math.max(last, b.upper), steps.length);
  const memories = raw.memories.map((memory, at) => {
    const [step, bytes, rows] = memory.full;
    return {
      ...memory,
      name: shown(memory.name),
      full: { step, bytes, rows: rows.map(([row, used]) => ({ buffer: buffers[row], used })) },
      // In the order of the arrow keys.
      buffers: [...buffers, ...constants].filter((b) => b.memory === at && b.pieces.length)
        .sort((a, b) => a.lower - b.lower || a.offset - b.offset),
    };
  });
  const needs = raw.needs.map(([name, capacity, needed, parts, text]) => ({ name: shown(name), capacity, needed, parts, text }));
  return { how: raw.how, fits: raw.fits, verdict: raw.verdict, leftOut: raw.not_counted, steps, tensors, memories, needs, constants: known, layers, weights: raw.constants.lines, end, moved, time: raw.time };
}

// Sizes as the command line writes them: the exact number of bytes, and the largest unit that fits, with four digits.
// Halves are common, since units are powers of two. They go to the even digit, as in Python: 800000 B are 781.2 KiB.
function shortSize(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let power = 0;
  while (power < 4 && bytes >= 1024 ** (power + 1)) power++;
  const scaled = bytes / 1024 ** power, digits = scaled < 10 ? 3 : scaled < 100 ? 2 : scaled < 1000 ? 1 : 0;
  const whole = scaled * 10 ** digits, low = Math.floor(whole);
  const rounded = whole - low === 0.5 ? low + (low % 2) : Math.round(whole);
  return `${rounded / 10 ** digits} ${units[power]}`;
}

function exactSize(bytes) {
  return bytes < 1024 ? `${bytes} B` : `${bytes} B (${shortSize(bytes)})`;
}

function stepName(view, at) {
  const step = view.steps[at];
  if (!step) return `${at}`;
  return `${at} ${step.kind}${step.name ? ` ${step.name}` : ""}`;
}

function bufferName(buffer) {
  return buffer.tensors.length ? buffer.tensors[0].name : colours[buffer.kind].kind;
}

// The part of the name that differs from those of the other tensors.
function labelOf(buffer) {
  return buffer.tensors.length ? buffer.tensors[0].label : colours[buffer.kind].kind;
}

function hex(address) {
  return `0x${address.toString(16)}`;
}
