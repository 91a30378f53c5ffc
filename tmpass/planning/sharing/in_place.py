"""In-place pairs: operators that write a result over an input whose live range ends there."""

from collections.abc import Iterator, Sequence

from tmpass.base.errors import ModelError
from tmpass.graph.model import ABSENT, Dim, Graph, Op, Subgraph, Tensor, TensorKey, TensorKind
from tmpass.planning.sharing.aliases import Aliases, written
from tmpass.planning.sharing.timed_classes import InPlace, Ranges, TimedClasses
from tmpass.planning.timeline.schedule import Schedule
from tmpass.targets import Over, Sharing

_ACTIVATION = TensorKind.ACTIVATION


def in_place_pairs(
    graph: Graph,
    aliases: Aliases,
    sharing: Sharing,
    *,
    share_io: bool = False,
    keep_inputs: bool = False,
    external: frozenset[TensorKey] = frozenset(),
    tied: frozenset[TensorKey] = frozenset(),
) -> tuple[InPlace, ...]:
    """The in-place pairs that are allowed in some order of the operators, in the order of the file.

    Each pair meets these conditions:

    - The operator is element-wise, and `sharing` lists it; source and result have one shape, apart from leading ones,
      and elements of one width. Or `sharing` names the source, as its kernel promises, and the result is not larger.
    - The operator reads the source once.
    - Neither tensor is a constant, a variable, a capture, outside the arena, or fixed by the file.
    - Neither is an input or output of a subgraph. With `share_io`, or if it is `tied`, the source may be an input of an
      entry, unless inputs are kept, and the result may be an output.
    """
    if not sharing.in_place:
        return ()
    writes = written(graph)
    forbidden = {aliases.of(key) for key in (*external, *graph.fixed)}
    called = graph.called
    found = []
    for s, subgraph in enumerate(graph.subgraphs):
        inputs, outputs = set(subgraph.inputs), set(subgraph.outputs)
        free_ends = {t for r, t in tied if r == s}
        if share_io and s not in called:
            free_ends |= inputs | outputs
        # An output is needed after the last step, where an operator of that step would still overwrite it.
        never_source = outputs | (inputs if keep_inputs else inputs - free_ends)
        never_result = inputs | (outputs - free_ends)
        named = [(t, held) for (at, t), (_, held) in graph.held_in.items() if at == s]
        never_source = never_source | {t for t, held in named if held in never_source}
        never_result = never_result | {t for t, held in named if held in never_result}

        def free(t: int, s: int = s) -> bool:
            tensor, key = graph.subgraphs[s].tensors[t], (s, t)
            return tensor.kind is _ACTIVATION and writes[key] <= 1 and aliases.of(key) not in forbidden

        promised: dict[tuple[str, bool, bool], bool] = {}  # of few kinds
        for index, op in enumerate(subgraph.ops):
            kind = op.kind, op.elementwise, op.custom
            if kind not in promised:
                over = sharing.written_over(op.kind, elementwise=op.elementwise, custom=op.custom)
                promised[kind] = over is None or bool(over)
            for source, result in may_write_over(op, subgraph, sharing) if promised[kind] else ():
                never = source in never_source or result in never_result
                if not never and op.inputs.count(source) == 1 and free(source) and free(result):
                    found.append(InPlace(s, index, (s, source), (s, result)))
    return tuple(found)


def may_write_over(op: Op, subgraph: Subgraph, sharing: Sharing) -> Iterator[tuple[int, int]]:
    """The (source, result) pairs that the kernel of `op` may write in place by `sharing`, by kind and sizes alone."""
    if op.calls or not op.outputs:
        return
    named = sharing.written_over(op.kind, elementwise=op.elementwise, custom=op.custom)
    tensors = subgraph.tensors
    if named is None:
        if not op.custom and op.outputs[0] != ABSENT:
            result = op.outputs[0]
            yield from ((t, result) for t in op.inputs if t != ABSENT and _alike(tensors[t], tensors[result]))
        return
    for over in named:
        if over.input < len(op.inputs) and over.output < len(op.outputs):
            source, result = op.inputs[over.input], op.outputs[over.output]
            if ABSENT not in (source, result) and 0 < (tensors[result].bytes or 0) <= (tensors[source].bytes or 0):
                yield source, result


def kernels_in_place(graph: Graph, sharing: Sharing) -> tuple[Over, ...]:
    """The promises in `sharing` about kernels of `graph` that do not hold for every element-wise operator."""
    found: set[Over] = set()
    for op in (
        {(op.kind, op.elementwise, op.custom) for s in graph.subgraphs for op in s.ops} if sharing.in_place else ()
    ):
        found.update(sharing.written_over(op[0], elementwise=op[1], custom=op[2]) or ())
    return tuple(sorted(found, key=lambda over: (over.op, over.input, over.output)))


def unused_kernels(graph: Graph, sharing: Sharing) -> Iterator[str]:
    """A line for each promise of a kernel that no operator of `graph` can use, with the reason."""
    for over in kernels_in_place(graph, sharing):
        why = ""
        for subgraph in graph.subgraphs:
            for op in subgraph.ops:
                if over not in (sharing.written_over(op.kind, elementwise=op.elementwise, custom=op.custom) or ()):
                    continue
                if any(True for _ in may_write_over(op, subgraph, Sharing(in_place=(over,)))):
                    why = ""
                    break
                why = why or _why_never(op, subgraph, over)
            else:
                continue
            break
        if why:
            yield f"in place: {over} is listed in [sharing] and not used: {why}"


def _why_never(op: Op, subgraph: Subgraph, over: Over) -> str:
    if op.calls:
        return "it runs other operators"
    if over.input >= len(op.inputs) or op.inputs[over.input] == ABSENT:
        return f"{op.name!r} has no input {over.input}"
    if over.output >= len(op.outputs) or op.outputs[over.output] == ABSENT:
        return f"{op.name!r} has no output {over.output}"
    source, result = subgraph.tensors[op.inputs[over.input]], subgraph.tensors[op.outputs[over.output]]
    if source.kind is TensorKind.CONSTANT:
        return f"input {over.input} of {op.name!r} is a constant"
    if None in (source.bytes, result.bytes):
        return f"a size of {op.name!r} is not known"
    return f"the output of {op.name!r} has {result.bytes} B, its input {over.input} {source.bytes} B"


def _alike(one: Tensor, two: Tensor) -> bool:
    """Whether element i of both tensors has the same position and width."""
    bits = one.dtype.bits
    if bits is None or bits % 8 or bits != two.dtype.bits or not one.bytes:
        return False
    if one.shape == two.shape:
        return True
    return _without_leading_ones(one.shape) == _without_leading_ones(two.shape) and one.bytes == two.bytes


def _without_leading_ones(shape: tuple[Dim, ...] | None) -> tuple[Dim, ...] | None:
    if shape is None:
        return None
    first = next((axis for axis, dim in enumerate(shape) if dim != 1), len(shape))
    return shape[first:]


class TieError(ModelError):
    """A tie does not hold in an order of the operators."""


class CannotJoin(Exception):
    """Two tensors of demand `number` must begin at one byte, but cannot."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


def join_in_place(
    graph: Graph,
    schedule: Schedule,
    aliases: Aliases,
    pairs: tuple[InPlace, ...],
    ranges: Ranges,
    demands: Sequence[tuple[TensorKey, TensorKey]] = (),
) -> Aliases:
    """The alias classes after the in-place pairs that are safe on a timeline are joined.

    A pair is safe if the source ends with the operator's step, the result begins there, and no other tensors of their
    classes have bytes in common while both are alive. Of several inputs the first that can be overwritten is.

    Args:
        graph: of the model.
        schedule: the timeline.
        aliases: the classes that hold in any order.
        pairs: in-place pairs.
        ranges: live ranges on the timeline.
        demands: (source, result) pairs that must be joined, before the others, whichever operator writes the result.

    Raises:
        CannotJoin: one of the demands is not safe.
    """
    if not pairs and not demands:
        return aliases
    step_of = _single_steps(schedule, {(pair.subgraph, pair.op) for pair in pairs})
    timed = TimedClasses(graph, aliases, ranges)
    timely: list[tuple[int, InPlace]] = []
    for pair in pairs:
        at = step_of.get((pair.subgraph, pair.op))
        if at is None or pair.source not in ranges or pair.result not in ranges:
            continue
        if ranges[pair.source][1] == schedule.steps[at].end and ranges[pair.result][0] == at:
            timely.append((at, pair))
            timed.source_of.setdefault(pair.result, pair.source)
    done: set[TensorKey] = set()
    reason = dict(aliases.reason)
    for number, (source, result) in enumerate(demands):
        if source not in ranges or result not in ranges or not timed.join(source, result):
            raise CannotJoin(number)
        done.add(result)
        words = f"tied to {graph.tensor(source).name!r}"
        reason[result] = f"{words}; {reason[result]}" if result in reason else words
    for _, pair in sorted(timely, key=lambda at_pair: at_pair[0]):
        if pair.result not in done and timed.join(pair.source, pair.result, pair):
            done.add(pair.result)
            op = graph.subgraphs[pair.subgraph].ops[pair.op]
            words = f"{op.kind} writes it over {graph.tensor(pair.source).name!r}"
            old = reason.get(pair.result)
            reason[pair.result] = f"{words}; {old}" if old else words
    found = {key: timed.classes.find(key) for key in list(timed.classes.parent)}
    position = {key: at for key, (_, at) in found.items() if at}
    return Aliases({key: root for key, (root, _) in found.items()}, position, reason)


def _single_steps(schedule: Schedule, ops: set[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """(subgraph, operator) -> its step, for those of `ops` that run exactly once."""
    found: dict[tuple[int, int], int] = {}
    again = set()
    for at, step in enumerate(schedule.steps):
        op = (step.subgraph, step.op)
        if op in ops and found.setdefault(op, at) != at:
            again.add(op)
    return {op: at for op, at in found.items() if op not in again}
