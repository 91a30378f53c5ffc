"""Patches: rows (or columns) of a result, each computed from the rows that it needs.

    whole   a ──> b ──> c          part   SLICE(a) ──> b' ──> SLICE(b') ──> c' ──┐
                                   part   SLICE(a) ──> b" ──> SLICE(b") ──> c" ──┴─ CONCAT ──> c

Proof. A part of a tensor holds the rows `stored` of the whole, of which those in `right` have the whole's values.
Region inputs are sliced, so all their rows are right. A row of an operator's result is right where every row that it
reads is right, at the same place of the window (`Reading.same`, `Reading.unpadded` compare places), and where rows
outside the part are outside the whole as well, so that both are padded alike. Other rows are *wrong*: they are
computed, and removed by a SLICE before the CONCAT at the latest. Each row of the result is in one part, and is right
there. Arithmetic is not touched: every operator is the original with the original's constants.

With SAME padding, the padding of the other axis stays as it is. A part whose windows would be at other places is given
more rows, until they are where the whole has them. In a stage that is `padded`, zeros are put around the rows instead,
where the whole has them too (`fold.py` has the proof). With EXPLICIT padding, a part is given just the rows that it
needs, and is padded where they reach over an end of the whole. All rows of both are right.
"""

from tmpass.base.record import record
from tmpass.graph.layer import Layer, Padding, Role
from tmpass.graph.model import Op
from tmpass.splitting.along import Along
from tmpass.splitting.builder import Builder, Pads
from tmpass.splitting.net import Net
from tmpass.splitting.rewrites.joins import join
from tmpass.splitting.rewrites.spans import Reading, Span, reading
from tmpass.splitting.stage import Stage


@record
class _Part:
    """A tensor of the draft with the rows `stored` of an original tensor; those in `right` have its values."""

    tensor: int
    stored: Span
    right: Span


class _NotPossible(Exception):
    """The stage cannot be cut like this."""


def add_patches(builder: Builder, stage: Stage) -> bool:
    """Add the operators of a stage in patches; False where it cannot be cut so, and the builder is of no use then."""
    region = _Region(builder, stage)
    spans = [Span(*pair) for pair in zip(stage.bounds, stage.bounds[1:], strict=False)]
    try:
        parts = [region.add_part(number, rows) for number, rows in enumerate(spans)]
    except _NotPossible:
        return False
    join(builder, parts, region.axis, region.result)
    return True


class _Region:
    """The operators of a stage."""

    def __init__(self, builder: Builder, stage: Stage) -> None:
        self.builder, self.net, self.stage = builder, builder.net, stage
        self.side = 0 if stage.along is Along.ROWS else 1
        self.axis = self.net.axes.spatial[self.side]
        result = self.net.result(stage.first, stage.last)
        assert result is not None
        self.result = result
        self.positions = range(stage.first, stage.last + 1)
        self.narrow = _narrow(self.net, self.positions, self.side, result)
        self.sources = frozenset(self.net.sources(stage.first, stage.last))
        self.readings: dict[int, Reading] = {}

    def add_part(self, number: int, rows: Span) -> int:
        """Add the operators that make `rows` of the result; return the tensor with them."""
        self.suffix = f"/{self.stage.along[0]}{self.stage.first}_{number}"
        wanted = self._wanted(rows)
        self.parts: dict[int, _Part] = {}
        self.cuts: dict[tuple[int, Span], int] = {}
        for position in self.positions:
            op, layer = self.net.op(position), self.net.layer(position)
            assert layer is not None
            t = op.outputs[0]
            if t not in wanted:
                continue
            if any(op.inputs[at] not in self.sources for at in layer.shared):
                raise _NotPossible  # it has no rows, so no part of it is made here
            made = self._add(position, op, layer, wanted)
            if not made.right.covers(wanted[t]):
                raise _NotPossible
            if made.stored != wanted[t] and (t == self.result or (not self.stage.carry and self.narrow[t])):
                made = self._cropped(made, wanted[t])
            self.parts[t] = made
        return self.parts[self.result].tensor

    def _wanted(self, rows: Span) -> dict[int, Span]:
        """The rows of each tensor inside that `rows` of the result need."""
        wanted = {self.result: rows}
        for position in reversed(self.positions):
            op, layer = self.net.op(position), self.net.layer(position)
            assert layer is not None
            if op.outputs[0] in wanted:
                span = self._input(op, layer, wanted[op.outputs[0]])
                for t in (op.inputs[at] for at in layer.data):
                    if t not in self.sources:
                        wanted[t] = span.hull(wanted.get(t))
        return wanted

    def _input(self, op: Op, layer: Layer, rows: Span) -> Span:
        """The rows of its data that an operator is given for `rows` of its result."""
        length = self.net.shape(op.inputs[layer.data[0]])[self.axis]
        if layer.role is Role.POINTWISE:
            return rows
        if layer.role is Role.PAD:
            before = layer.pads[self.side][0]
            found = Span(max(rows.start - before, 0), min(rows.stop - before, length))
        else:
            read = self._reading(op, layer)
            kept = layer.padding is Padding.SAME and not (self.stage.padded and layer.zero_padded)
            found = (read.same_input(rows) if kept else None) or read.needed(rows)
        if found.stop <= found.start:
            raise _NotPossible
        return found

    def _reading(self, op: Op, layer: Layer) -> Reading:
        """How an operator reads its rows; asked for once for each part."""
        t = op.outputs[0]
        if t not in self.readings:
            length = self.net.shape(op.inputs[0])[self.axis]
            self.readings[t] = reading(layer.windows[self.side], layer.padding, length, layer.pads[self.side])
        return self.readings[t]

    def _add(self, position: int, op: Op, layer: Layer, wanted: dict[int, Span]) -> _Part:
        rows = wanted[op.outputs[0]]
        needed = self._input(op, layer, rows)
        if layer.role is Role.PAD:
            return self._padded(op, layer, rows, self._given(op.inputs[0], needed, exact=True))
        if layer.role is Role.POINTWISE:
            return self._pointwise(position, op, layer, needed)
        if self.stage.padded and layer.padding is Padding.SAME and layer.zero_padded:
            return self._with_zeros(position, op, layer, rows)
        if layer.padding is Padding.EXPLICIT:
            return self._explicit(position, op, layer, rows, self._given(op.inputs[0], needed, exact=True))
        read = self._reading(op, layer)
        run = read.same if layer.padding is Padding.SAME else read.unpadded
        for exact in (False, True):
            part = self._given(op.inputs[0], needed, exact=exact)
            found = run(part.stored, part.right)
            if found is not None and found[1].covers(rows):
                return self._windowed(position, op, part, *found)
        raise _NotPossible

    def _given(self, t: int, rows: Span, *, exact: bool) -> _Part:
        """A part with `rows` of a tensor, and more of them where it need not be exact."""
        if t in self.sources:
            return _Part(self._slice(t, Span(0, self.net.shape(t)[self.axis]), t, rows), rows, rows)
        part = self.parts[t]
        return self._cropped(part, rows) if exact else part

    def _cropped(self, part: _Part, rows: Span) -> _Part:
        if part.stored == rows:
            return part
        if not part.right.covers(rows):
            raise _NotPossible
        return _Part(self._slice(part.tensor, part.stored, part.tensor, rows), rows, rows)

    def _slice(self, key: int, stored: Span, tensor: int, rows: Span) -> int:
        """The tensor with `rows` of one that has `stored`; asked twice, there is one SLICE."""
        if (key, rows) not in self.cuts:
            start = rows.start - stored.start
            name = f"{self.suffix}_cut{len(self.cuts)}"
            self.cuts[key, rows] = self.builder.slice(tensor, self.axis, start, start + len(rows), name)
        return self.cuts[key, rows]

    def _pointwise(self, position: int, op: Op, layer: Layer, rows: Span) -> _Part:
        """Run on the rows that all inputs have stored, if these are the same ones; else on `rows`."""
        given = {t: self._given(t, rows, exact=False) for t in (op.inputs[at] for at in layer.data)}
        stored = {part.stored for part in given.values()}
        if len(stored) > 1:
            given = {t: self._given(t, rows, exact=True) for t in given}
        span = next(iter(given.values())).stored
        right = Span(max(part.right.start for part in given.values()), min(part.right.stop for part in given.values()))
        inputs = [given[t].tensor if t in given else t for t in op.inputs]
        return _Part(self._copy(position, op, inputs, span), span, right)

    def _windowed(self, position: int, op: Op, part: _Part, stored: Span, right: Span) -> _Part:
        return _Part(self._copy(position, op, [part.tensor, *op.inputs[1:]], stored), stored, right)

    def _padded(self, op: Op, layer: Layer, rows: Span, part: _Part) -> _Part:
        """A PAD whose part has the rows of the padding that are in `rows`."""
        before = layer.pads[self.side][0]
        above = max(0, before - rows.start)
        below = len(rows) - above - len(part.stored)
        pads = [(0, 0)] * len(self.net.shape(op.outputs[0]))
        for axis, pair in zip(self.net.axes.spatial, layer.pads, strict=True):
            if axis < len(pads):
                pads[axis] = pair
        pads[self.axis] = (above, below)
        made = self.builder.pad(part.tensor, pads, self.suffix, like=op.outputs[0])
        return _Part(made, rows, rows)

    def _explicit(self, position: int, op: Op, layer: Layer, rows: Span, part: _Part) -> _Part:
        """A window operator on just the rows that it needs, with the padding that is left at its place."""
        above, below = self._reading(op, layer).missing(rows)
        pads = (above, below), layer.pads[1]
        if self.side:
            pads = layer.pads[0], (above, below)
        made = self._copy(position, op, [part.tensor, *op.inputs[1:]], rows, pads)
        return _Part(made, rows, rows)

    def _with_zeros(self, position: int, op: Op, layer: Layer, rows: Span) -> _Part:
        """The same for SAME padding: a PAD with the zeros that belong here, then the operator with VALID padding."""
        read = self._reading(op, layer)
        part = self._given(op.inputs[0], read.needed(rows), exact=True)
        shape, other = self.net.shape(op.inputs[0]), 1 - self.side
        pads = [(0, 0)] * len(shape)
        pads[self.net.axes.spatial[other]] = layer.windows[other].missing(shape[self.net.axes.spatial[other]])
        pads[self.axis] = read.missing(rows)
        given = self.builder.pad(part.tensor, pads, f"{self.suffix}_pad{position}")
        made = self._copy(position, op, [given, *op.inputs[1:]], rows, padding=Padding.VALID)
        return _Part(made, rows, rows)

    def _copy(
        self,
        position: int,
        op: Op,
        inputs: list[int],
        rows: Span,
        pads: Pads | None = None,
        padding: Padding | None = None,
    ) -> int:
        shape = list(self.net.shape(op.outputs[0]))
        shape[self.axis] = len(rows)
        like, made = self.net.order[position], tuple(shape)
        return self.builder.copy(like, inputs, made, self.suffix, pads=pads, padding=padding)


def _narrow(net: Net, positions: range, side: int, result: int) -> dict[int, bool]:
    """Whether rows are best removed from a tensor: none behind it, before the next window, has fewer bytes in a row."""
    down: dict[int, int] = {}
    narrow: dict[int, bool] = {}
    for position in reversed(positions):
        t = net.op(position).outputs[0]
        own = net.bytes(t) // max(1, net.shape(t)[net.axes.spatial[side]])
        behind = []
        for reader in net.readers.get(t, ()):
            layer = net.layer(reader) if reader in positions else None
            point = layer is not None and (
                layer.role is Role.POINTWISE or (layer.role is Role.WINDOW and layer.windows[side].reach == 1)
            )
            behind.append(down[net.op(reader).outputs[0]] if point else own)
        down[t] = own if t == result or not behind else min(own, *behind)
        narrow[t] = down[t] == own
    return narrow
