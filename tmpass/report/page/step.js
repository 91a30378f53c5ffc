// The table of a step: the buffers alive there, and the constants and copies that are there for it.
function chooseStep(step) {
  const last = Math.max(0, state.view.end - 1);
  state.step = step === null ? null : Math.min(Math.max(0, step), last);
  fillTable();
  remember();
  redraw();
}

function stepNow() {
  return state.step ?? memoryNow().full.step;
}

// The buffers alive at a step and their bytes in use there: those of the peak step as the plan has them.
function aliveAt(step) {
  const { full, buffers } = memoryNow();
  if (state.step === null) return full.rows;
  const found = [];
  for (const buffer of buffers) {
    if (buffer.constant) continue;
    const piece = buffer.pieces.find((p) => p.lower <= step && step < p.upper);
    if (piece) found.push({ buffer, used: piece.high - piece.low });
  }
  return found.sort((a, b) => b.used - a.used || a.buffer.offset - b.buffer.offset);
}

function fillTable() {
  const { full, buffers } = memoryNow(), step = stepNow(), isPeak = state.step === null;
  const rows = aliveAt(step), bytes = rows.reduce((sum, { used }) => sum + used, 0);
  const streamed = buffers.filter((b) => b.constant && b.lower === step && b.upper === step + 1);
  byId("full-title").textContent = isPeak ? "Alive at the peak step" : `Alive at step ${step}`;
  byId("step").value = String(step);
  byId("step").max = String(Math.max(0, state.view.end - 1));
  byId("peak").setAttribute("aria-pressed", String(isPeak));
  let where = rows.length ? `step ${stepName(state.view, step)}: ${exactSize(bytes)} in ${rows.length} buffer${rows.length === 1 ? "" : "s"}` : "nothing is stored";
  if (!rows.length && !isPeak) where = `step ${stepName(state.view, step)}: nothing is stored`;
  if (streamed.length) where += `, and ${exactSize(streamed.reduce((sum, b) => sum + b.size, 0))} of constants for it`;
  if (!isPeak && full.bytes > bytes) where += `; ${shortSize(full.bytes - bytes)} below the peak step`;
  byId("full-where").textContent = where;
  const copies = state.view.moved.steps.find(([at]) => at === step);
  byId("step-copies").textContent = copies ? `Before it ${exactSize(copies[1])} are spilled and ${exactSize(copies[2])} fetched.` : "";
  const body = element("tbody");
  body.append(...rows.map(({ buffer, used }) => rowOf(buffer, used)), ...streamed.map((b) => rowOf(b, b.size)));
  byId("full").replaceChildren(headOf([["bytes", "number"], ["tensor", "name"], ["steps", "number"], ["address", "number"]]), body);
  markRow();
}

function rowOf(buffer, used) {
  const row = element("tr"), name = element("td", "", "name");
  const more = buffer.tensors.length > 1 ? ` and ${buffer.tensors.length - 1} more` : "";
  name.append(spotOf(buffer), linkTo(buffer), more);
  const steps = buffer.upper - 1 === buffer.lower ? `${buffer.lower}` : `${buffer.lower}\u2013${buffer.upper - 1}`;
  row.append(element("td", String(used), "number"), name, element("td", steps, "number"), element("td", hex(buffer.offset), "number"));
  row.addEventListener("click", (event) => { event.preventDefault(); choose(buffer); });
  row.addEventListener("mouseenter", () => { state.hovered = buffer; redraw(); });
  row.addEventListener("mouseleave", () => { state.hovered = null; redraw(); });
  row.buffer = buffer;
  return row;
}

function spotOf(buffer) {
  const spot = element("i", "", "spot");
  spot.style.background = colours[buffer.kind].colour;
  return spot;
}

byId("step").addEventListener("change", (event) => {
  const step = Number(event.target.value);
  chooseStep(event.target.value !== "" && Number.isInteger(step) ? step : null);
});
byId("step-back").addEventListener("click", () => chooseStep(stepNow() - 1));
byId("step-on").addEventListener("click", () => chooseStep(stepNow() + 1));
byId("peak").addEventListener("click", () => chooseStep(null));
