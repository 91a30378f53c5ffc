// The address of the page: "#tensor=NAME" is a tensor, "#step=N" a step. Where two have one name, NAME is "subgraph:index".
function fragmentOf(buffer) {
  const tensor = buffer.tensors[0];
  if (!tensor?.key) return null;
  const alone = times.get(state.view).get(tensor.raw) === 1;
  return `#tensor=${encodeURIComponent(alone ? tensor.raw.toWellFormed?.() ?? tensor.raw : tensor.key)}`;
}

// How often a name stands for a placed tensor, by view.
const times = new Map(views.map((view) => {
  const found = new Map();
  for (const t of view.tensors) found.set(t.raw, (found.get(t.raw) ?? 0) + 1);
  return [view, found];
}));

// A name with places where a line may break: behind separators.
function breakable(name) {
  return name.split(/(?<=[/;._:])(?=[^/;._:])/).flatMap((part, at) => (at ? [element("wbr"), part] : [part]));
}

function linkTo(buffer) {
  const fragment = fragmentOf(buffer);
  if (fragment === null) {
    const name = element("span");
    name.append(...breakable(labelOf(buffer)));
    return name;
  }
  const link = element("a");
  link.append(...breakable(labelOf(buffer)));
  link.href = fragment;
  link.title = bufferName(buffer);
  return link;
}

// Keep what is chosen in the address, without a step in the history for each.
function remember() {
  const fragment = (state.chosen && fragmentOf(state.chosen)) ?? (state.step === null ? "" : `#step=${state.step}`);
  if (fragment === location.hash) return;
  history.replaceState(null, "", fragment || location.href.split("#")[0]);
}

// Show what the address names; where the plan does not have it, say so.
function goToAddress() {
  const fragment = location.hash.slice(1);
  if (!fragment || byId(fragment)) return; // a part of the page
  const [what, text] = fragment.includes("=") ? fragment.split(/=(.*)/s, 2) : ["tensor", fragment];
  if (what === "step" && /^\d+$/.test(text) && Number(text) < state.view.end) return chooseStep(Number(text));
  const steps = state.view.end ? `steps 0 to ${state.view.end - 1}` : "no steps";
  if (what === "step") return say(`step ${shown(text)} is not in this plan: it has ${steps}`);
  if (what !== "tensor") return say(`#${shown(fragment)} is neither #tensor=NAME nor #step=N`);
  let name = text;
  try { name = decodeURIComponent(text); } catch { /* as it is written */ }
  if (goToTensor(name)) return;
  const constant = state.view.constants.some((one) => one.name === shown(name));
  if (!constant) return say(`${shown(name)} is not in this plan`);
  byId("search").value = shown(name);
  search();
  byId("constants").scrollIntoView({ block: "nearest" });
}

function say(text) {
  byId("found").textContent = text;
}

// Choose the tensor of this name or "subgraph:index", in its memory; whether there is one.
function goToTensor(name) {
  for (const isWanted of [(t) => t.raw === name, (t) => t.key === name, (t) => t.key === null && t.name === shown(name)]) {
    const at = state.view.memories.findIndex((memory) => memory.buffers.some((b) => b.tensors.some(isWanted)));
    if (at < 0) continue;
    const buffer = state.view.memories[at].buffers.find((b) => b.tensors.some(isWanted));
    if (at !== state.memory) turnTo(state.view, at);
    choose(buffer);
    canvas.scrollIntoView({ block: "nearest" });
    return true;
  }
  return false;
}

window.addEventListener("hashchange", goToAddress);
