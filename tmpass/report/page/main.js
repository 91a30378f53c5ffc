// The controls, and the first drawing.
function choose(buffer, point) {
  state.chosen = buffer;
  if (buffer && !point) reveal(buffer);
  showTip(buffer, point);
  markRow();
  remember();
  redraw();
}

// Show another plan or memory. The chosen buffer stays chosen where the other one has the same tensor.
function turnTo(view, memory) {
  const key = state.chosen?.tensors[0]?.key;
  const other = memory !== state.memory;
  Object.assign(state, { view, memory, hovered: null });
  state.chosen = (key && memoryNow().buffers.find((b) => b.tensors.some((t) => t.key === key))) || null;
  if (state.step !== null && state.step >= view.end) state.step = null;
  if (other) showAll();
  byId("memory").value = String(memory);
  byId("lowest").hidden = memoryNow().height <= 1.2 * memoryNow().peak || !memoryNow().peak;
  search();
  fillHead();
  fillLegend();
  fillTable();
  fillPlaces();
  fillNeeds();
  markRow();
  showTip(state.chosen);
  for (const [at, button] of [...byId("which").children].entries()) {
    button.setAttribute("aria-pressed", String(order[at] === view));
  }
  redraw();
}

let matches = [], current = -1;

function matchesIn(memory, asked) {
  return asked ? memory.buffers.filter((b) => b.tensors.some((t) => t.name.toLowerCase().includes(asked))) : [];
}

// Where else the text is found: in other memories, and among constants that no picture has.
function foundElsewhere(asked) {
  const { memories, constants } = state.view;
  const found = memories.map((memory, at) => ({ name: memory.name, at, count: matchesIn(memory, asked).length }))
    .filter(({ at, count }) => at !== state.memory && count);
  const unseen = constants.filter(({ name, copies }) => !copies.length && name.toLowerCase().includes(asked)).length;
  return { found, unseen };
}

function foundText(asked) {
  if (!asked) return "";
  const { found, unseen } = foundElsewhere(asked);
  const several = found.length || unseen || state.view.memories.filter(({ buffers }) => buffers.length).length > 1;
  const here = `${matches.length} found${several ? ` in ${memoryNow().name}` : ""}`;
  const there = found.map(({ name, count }) => `${count} in ${name}${matches.length ? "" : " (Enter shows it)"}`);
  if (unseen) there.push(`${unseen} in the table of constants`);
  return [here, ...there].join(", ");
}

function search() {
  const asked = byId("search").value.trim().toLowerCase();
  matches = matchesIn(memoryNow(), asked);
  matches.sort((a, b) => Number(Boolean(a.constant)) - Number(Boolean(b.constant))); // buffers before constants
  state.found = asked ? new Set(matches) : null;
  current = -1;
  byId("found").textContent = foundText(asked);
  fillConstants();
  fillLayers();
  redraw();
}

function nextMatch(by) {
  const asked = byId("search").value.trim().toLowerCase();
  const [other] = matches.length || !asked ? [] : foundElsewhere(asked).found;
  if (other) turnTo(state.view, other.at); // which searches again
  if (!matches.length) return;
  current = (current + by + matches.length) % matches.length;
  byId("found").textContent = `${current + 1} of ${matches.length}`;
  choose(matches[current]);
}

byId("search").addEventListener("input", search);
byId("all-layers").addEventListener("click", () => { layersListed = Infinity; fillLayers(); });
byId("all-constants").addEventListener("click", () => { listed = Infinity; fillConstants(); markRow(); });
byId("search").addEventListener("keydown", (event) => {
  if (event.key === "Enter") nextMatch(event.shiftKey ? -1 : 1);
  if (event.key === "Escape") { event.target.value = ""; search(); }
});

// The plan before is the first button; the page opens with the plan itself.
const order = [...views].reverse();
if (views.length > 1) {
  byId("which").hidden = false;
  byId("which").append(...order.map((view) => {
    const button = element("button", view === views[0] ? "Planned" : "Before");
    button.type = "button";
    button.title = view.how;
    button.addEventListener("click", () => turnTo(view, state.memory));
    return button;
  }));
}
const most = views.reduce((all, view) => (view.memories.length > all.length ? view.memories : all), []);
byId("memories").hidden = most.length < 2;
byId("memory").append(...most.map((memory, at) => new Option(memory.name, String(at))));
byId("memory").addEventListener("change", (event) => turnTo(state.view, Number(event.target.value)));
byId("colour").addEventListener("change", (event) => {
  state.colour = event.target.value;
  fillLegend();
  redraw();
});

function zoomMiddle(factor) {
  const { arena } = areas();
  zoom(factor, arena.x + arena.w / 2, arena.y + arena.h / 2);
  showTip(state.chosen);
  redraw();
}
byId("closer").addEventListener("click", () => zoomMiddle(0.6));
byId("farther").addEventListener("click", () => zoomMiddle(1 / 0.6));
byId("whole").addEventListener("click", () => { showAll(); showTip(state.chosen); redraw(); });

byId("lowest").addEventListener("click", () => { showBuffers(); showTip(state.chosen); redraw(); });

const dark = matchMedia("(prefers-color-scheme: dark)"), paper = matchMedia("print");
let theme = "Auto";

function setTheme() {
  const isDark = !paper.matches && (theme === "Dark" || (theme === "Auto" && dark.matches));
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
  byId("theme").textContent = theme;
  readHues();
}
byId("theme").addEventListener("click", () => {
  theme = { Auto: "Light", Light: "Dark", Dark: "Auto" }[theme];
  setTheme();
  redraw();
});
dark.addEventListener("change", () => { setTheme(); redraw(); });

// A print is light, sharp, and shows the whole plan, in all memories.
let kept_window = null;
function print(event) {
  setTheme();
  if (paper.matches || event.type === "beforeprint") {
    document.documentElement.dataset.theme = "light";
    readHues();
    kept_window ??= { ...state.window };
    showAll();
    fillOthers();
    draw(3);
  } else {
    if (kept_window) state.window = kept_window;
    kept_window = null;
    byId("printed").textContent = "";
    byId("others").replaceChildren();
    redraw();
  }
}
paper.addEventListener("change", print);
window.addEventListener("beforeprint", print);
window.addEventListener("afterprint", print);
new ResizeObserver(() => draw(paper.matches ? 3 : undefined)).observe(canvas);

setTheme();
showAll();
turnTo(views[0], 0);
goToAddress();
