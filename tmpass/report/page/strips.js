// What is below the arena: the curve of live bytes, the bytes that are moved, and the mark of the chosen step.
function drawLive(s) {
  const memory = memoryNow(), { live } = s;
  // The same scale for every plan in the page.
  const top = 1.08 * Math.max(1, ...views.map((view) => view.memories[state.memory]?.full.bytes ?? 0));
  const y = (bytes) => live.y + live.h - (bytes / top) * live.h;
  within(live, () => {
    drawFull(s, live);
    pen.beginPath();
    pen.moveTo(live.x, y(0));
    let bytes = 0, last = live.x, most = 0;
    for (const [step, now] of [...memory.live, [state.view.end, 0]]) {
      // Several changes within a pixel are drawn as their highest.
      const x = Math.min(Math.max(s.x(step), live.x), live.x + live.w);
      most = Math.max(most, bytes);
      if (x - last >= 0.5) {
        pen.lineTo(last, y(most));
        pen.lineTo(x, y(most));
        [last, most] = [x, 0];
      }
      bytes = now;
    }
    pen.lineTo(last, y(0));
    pen.closePath();
    pen.fillStyle = pen.strokeStyle = hues.curve;
    pen.globalAlpha = 0.3;
    pen.fill();
    pen.globalAlpha = 1;
    pen.lineWidth = 1.5;
    pen.stroke();
    if (memory.usable !== null && memory.usable <= top) {
      pen.strokeStyle = hues.limit;
      pen.setLineDash([7, 4]);
      rule(live.x, y(memory.usable), live.x + live.w, y(memory.usable));
      pen.setLineDash([]);
    }
  });
  pen.fillStyle = hues.quiet;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  const height = y(memory.full.bytes), middle = live.y + live.h / 2;
  pen.fillText(shortSize(memory.full.bytes), live.x - 6, height);
  pen.fillText("live bytes", live.x - 6, Math.abs(height - middle) > 13 ? middle : height + 14);
}

// The bytes that are moved before each step, on a scale of their own: they are often few beside those alive.
function drawMoved(s) {
  const { strip } = s, { steps } = state.view.moved;
  if (!strip) return;
  const most = steps.reduce((high, [, out, back]) => Math.max(high, out + back), 1);
  frame(strip);
  within(strip, () => {
    pen.fillStyle = hues.copy;
    for (const [step, out, back] of steps) {
      const high = Math.max(2, (strip.h * (out + back)) / most);
      pen.fillRect(s.x(step) - 1.5, strip.y + strip.h - high, 3, high);
    }
  });
  pen.fillStyle = hues.quiet;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  pen.fillText(shortSize(most), strip.x - 6, strip.y + 5);
  pen.fillText("moved", strip.x - 6, strip.y + 18);
}

// The step whose table is shown, where the reader chose one.
function drawStep(s) {
  if (state.step === null || state.step >= state.window.right || state.step + 1 <= state.window.left) return;
  const { arena, foot } = s, x = Math.max(arena.x, s.x(state.step));
  pen.strokeStyle = hues.strong;
  pen.lineWidth = 1.5;
  pen.setLineDash([4, 3]);
  pen.strokeRect(x, arena.y, Math.max(2, Math.min(s.x(state.step + 1), arena.x + arena.w) - x), foot - arena.y);
  pen.setLineDash([]);
}
