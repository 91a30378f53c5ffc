"""Small graphs for tests: by hand with `Sketch`, or drawn by hypothesis with `graphs()`."""

from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from tmpass.base.dtypes import UINT8, DType
from tmpass.graph.model import ABSENT, Call, Entry, Graph, Move, Moves, Op, Subgraph, Tensor, TensorKind


@dataclass
class Sketch:
    """A subgraph in the making; sizes are bytes."""

    name: str = "main"
    tensors: list[Tensor] = field(default_factory=list)
    ops: list[Op] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)

    def tensor(self, size, kind=TensorKind.ACTIVATION, *, dtype: DType = UINT8, captures=None, name=None) -> int:
        shape = (size,) if isinstance(size, int | str) else size
        self.tensors.append(Tensor(name or f"t{len(self.tensors)}", dtype, shape, kind, captures))
        return len(self.tensors) - 1

    def input(self, size, **more) -> int:
        self.inputs.append(self.tensor(size, **more))
        return self.inputs[-1]

    def op(self, inputs, *sizes, kind="OP", **more) -> int:
        """An operator that makes a tensor of each size; returns the first of them."""
        made = tuple(self.tensor(size) for size in sizes)
        self.ops.append(Op(kind, f"op{len(self.ops)}", tuple(inputs), made, **more))
        return made[0] if made else -1

    def view(self, source: int) -> int:
        return self.op([source], self._bytes(source), kind="RESHAPE", moves=Moves(Move.VIEW))

    def unary(self, source: int, *others: int, kind="RELU") -> int:
        """An element-wise operator: the result has the shape of `source`."""
        return self.op([source, *others], self.tensors[source].shape, kind=kind, elementwise=True)

    def concat(self, *parts: int, axis: int = 0, kind="CONCAT") -> int:
        shape = list(self.tensors[parts[0]].shape)
        shape[axis] = sum(self.tensors[part].shape[axis] for part in parts)
        return self.op(parts, tuple(shape), kind=kind, moves=_pieces(Move.CONCAT, len(parts), axis))

    def pack(self, *parts: int, axis: int = 0) -> int:
        shape = self.tensors[parts[0]].shape
        packed = (*shape[:axis], len(parts), *shape[axis:])
        return self.op(parts, packed, kind="PACK", moves=_pieces(Move.CONCAT, len(parts), axis))

    def split(self, source: int, *lengths: int, axis: int = 0) -> int:
        """Pieces of these lengths along an axis; returns the first of them."""
        shapes = [self._with(source, axis, (length,)) for length in lengths]
        return self.op([source], *shapes, kind="SPLIT", moves=_pieces(Move.SPLIT, len(lengths), axis))

    def unpack(self, source: int, axis: int = 0) -> int:
        count = self.tensors[source].shape[axis]
        shapes = [self._with(source, axis, ())] * count
        return self.op([source], *shapes, kind="UNPACK", moves=_pieces(Move.SPLIT, count, axis))

    def slice(self, source: int, start: int, length: int, axis: int = 0) -> int:
        moves = Moves(Move.SLICE, axis=axis, start=start)
        return self.op([source], self._with(source, axis, (length,)), kind="SLICE", moves=moves)

    def _with(self, source: int, axis: int, dims: tuple[int, ...]) -> tuple[int, ...]:
        shape = self.tensors[source].shape
        return (*shape[:axis], *dims, *shape[axis + 1 :])

    def _bytes(self, source: int) -> int | str:
        size = self.tensors[source].bytes
        return self.tensors[source].shape[0] if size is None else size

    def done(self) -> Subgraph:
        return Subgraph(self.name, tuple(self.tensors), tuple(self.ops), tuple(self.inputs), tuple(self.outputs))


def _pieces(kind: Move, count: int, axis: int) -> Moves:
    return Moves(kind, parts=tuple(range(count)), axis=axis)


def graph_of(*subgraphs: Sketch | Subgraph, entries=(0,)) -> Graph:
    done = tuple(s.done() if isinstance(s, Sketch) else s for s in subgraphs)
    return Graph("test", done, tuple(Entry(done[e].name, e) for e in entries))


def chain(*sizes: int) -> Graph:
    """Input -> op -> op ... -> output, with tensors of these sizes."""
    sketch = Sketch()
    last = sketch.input(sizes[0])
    for size in sizes[1:]:
        last = sketch.op([last], size)
    sketch.outputs = [last]
    return graph_of(sketch)


@st.composite
def graphs(draw, max_ops: int = 6) -> Graph:
    """Graphs with views, pieces, element-wise operators, variables, constants, temporaries, captures, branches, loops
    and several entries.
    """
    finished: list[Sketch] = []
    entries = [_grow(draw, finished, max_ops, depth=0, parent=None) for _ in range(draw(st.integers(1, 2)))]
    return graph_of(*finished, entries=tuple(entries))


_MOVING = ("view", "unary", "unary", "join", "cut")
_MOST_BYTES = 60


def _moved(draw, sketch: Sketch, choice: str, inputs: list[int]) -> list[int]:
    """What an operator makes that passes bytes on, or is element-wise."""
    before, first = len(sketch.tensors), inputs[0]
    shape = sketch.tensors[first].shape
    axis = draw(st.integers(0, len(shape) - 1))
    if choice == "unary":
        sketch.unary(*inputs)
    elif choice == "join":
        ranked = [t for t in inputs if len(sketch.tensors[t].shape) == len(shape)]
        alike = [t for t in ranked if sketch._with(t, axis, ()) == sketch._with(first, axis, ())]
        same = [t for t in inputs if sketch.tensors[t].shape == shape]
        if sum(sketch.tensors[t].bytes for t in alike) <= _MOST_BYTES and draw(st.booleans()):
            sketch.concat(*alike, axis=axis)
        elif len(shape) < 3 and len(same) * sketch.tensors[first].bytes <= _MOST_BYTES:
            sketch.pack(*same, axis=draw(st.integers(0, len(shape))))
    elif choice == "cut":
        at = draw(st.integers(0, shape[axis]))
        how = draw(st.sampled_from(["split", "unpack", "slice"]))
        if how == "unpack" and len(shape) > 1 and 0 < shape[axis] <= 4:
            sketch.unpack(first, axis)
        elif how == "split":
            sketch.split(first, at, shape[axis] - at, axis=axis)
        else:
            sketch.slice(first, at, draw(st.integers(0, shape[axis] - at)), axis=axis)
    if choice == "view" or len(sketch.tensors) == before:
        sketch.view(first)
    return list(range(before, len(sketch.tensors)))


def _grow(draw, finished: list[Sketch], max_ops: int, depth: int, parent: tuple[Sketch, list[int]] | None) -> int:
    sketch = Sketch(f"g{len(finished)}")
    slot = len(finished)
    finished.append(sketch)
    size = st.integers(0, 5)
    known = [sketch.input(draw(size)) for _ in range(draw(st.integers(0, 2)))]
    known += [sketch.tensor(draw(size), TensorKind.CONSTANT) for _ in range(draw(st.integers(0, 1)))]
    known += [sketch.tensor(draw(size), TensorKind.VARIABLE) for _ in range(draw(st.integers(0, 1)))]
    if parent is not None:
        outer, offered = parent
        offered = [t for t in offered if outer.tensors[t].kind in (TensorKind.ACTIVATION, TensorKind.CAPTURE)]
        for t in draw(st.lists(st.sampled_from(offered), unique=True, max_size=2)) if offered else []:
            known.append(sketch.tensor(outer.tensors[t].shape, TensorKind.CAPTURE, captures=t))
    for _ in range(draw(st.integers(0, max_ops))):
        choice = draw(st.sampled_from(["op", "op", *_MOVING, *_MOVING, "variable", "branch", "loop"]))
        inputs = draw(st.lists(st.sampled_from(known), max_size=3)) if known else []
        if choice in _MOVING and inputs:
            known += _moved(draw, sketch, choice, inputs)
        elif choice in ("branch", "loop") and depth < 2:
            calls, captured = [], []
            for role in ("first", "second"):
                body = _grow(draw, finished, 3, depth + 1, (sketch, known))
                calls.append(Call(body, role, repeats=choice == "loop"))
                captured += [t.captures for t in finished[body].tensors if t.captures is not None]
            known.append(sketch.op([*inputs, *captured], draw(size), kind=choice.upper(), calls=tuple(calls)))
        elif choice == "variable":
            variables = [t for t in known if sketch.tensors[t].kind is TensorKind.VARIABLE]
            sketch.ops.append(Op("ASSIGN", f"op{len(sketch.ops)}", tuple(inputs), tuple(variables)))
        else:
            temporaries = tuple(sketch.tensor(draw(size)) for _ in range(draw(st.integers(0, 1))))
            first = sketch.op(inputs, *(draw(size) for _ in range(draw(st.integers(1, 2)))), temporaries=temporaries)
            known += range(first, len(sketch.tensors))
    sketch.outputs = draw(st.lists(st.sampled_from(known), max_size=2, unique=True)) if known else []
    return slot


@st.composite
def perforated(draw, found: st.SearchStrategy[Graph]) -> Graph:
    """Graphs in which operators leave out inputs and outputs, at the end and in the middle; some are custom."""
    graph = draw(found)
    subgraphs = []
    for subgraph in graph.subgraphs:
        ops = []
        for op in subgraph.ops:
            if op.moves is None and draw(st.booleans()):
                # Element i of the first result follows from the inputs: that one stays where it is.
                kept = 1 if op.elementwise else 0
                inputs, outputs = _with_gaps(draw, op.inputs, 0), _with_gaps(draw, op.outputs, kept)
                custom = not op.elementwise and not op.calls and draw(st.booleans())
                op = replace(op, inputs=inputs, outputs=outputs, custom=custom)
            ops.append(op)
        subgraphs.append(replace(subgraph, ops=tuple(ops)))
    return replace(graph, subgraphs=tuple(subgraphs))


def _with_gaps(draw, tensors: tuple[int, ...], kept: int) -> tuple[int, ...]:
    gaps = draw(st.lists(st.integers(kept, len(tensors)), max_size=2)) if len(tensors) >= kept else []
    listed = list(tensors)
    for place in sorted(gaps, reverse=True):
        listed.insert(place, ABSENT)
    return tuple(listed)
