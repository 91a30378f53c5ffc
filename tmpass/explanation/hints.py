"""Hints for changes of the model itself: bounds, not plans."""

from dataclasses import replace

from tmpass.explanation.facts import Alive, Explanation, Rematerialisation, Tiling
from tmpass.explanation.images import Images, find_images
from tmpass.explanation.problem import buffers_of, problem_of
from tmpass.graph.model import Graph
from tmpass.packing.bounds import lower_bound
from tmpass.plans.plan import Plan, PlannedBuffer, PlannedTensor

_PIECES = (2, 4, 8)
_SMALL = 8
"""A tensor below 1 / _SMALL of the live bytes is too small for a hint."""

_HINTS = 3


def find_tilings(known: Explanation, graph: Graph) -> tuple[Tiling, ...]:
    """The tensors at the peak step whose tiling may lower the peak most, best first; at most _HINTS.

    What convolutions and pools read or write is tiled along height or width, never along channels.
    Each large tensor is tried alone, then all inputs and outputs of the operator together, with the smallest number of
    pieces that reaches the lowest bound. The peak is bounded from below with their buffers reduced to one piece for all
    of their live range. The buffers that are like them are reduced as well: a model of equal layers has a peak step in
    each layer.

    Args:
        known: the explanation so far.
        graph: the bound graph of its plan.
    """
    similar, images = _Similar(known.plan, graph), find_images(graph, known.plan.model.format)
    large = [one for one in _large(known) if similar.whole(one.buffer)]
    groups = [[one] for one in large]
    here = [one for one in large if one.here]
    if len(here) > 1:
        groups.append(here)
    hints: list[Tiling] = []
    seen: list[set[int]] = []
    for group in groups:
        ids = {like for one in group for like in similar.of(one.buffer)}
        hint = _tile(known, group, ids, images) if ids not in seen else None
        seen.append(ids)
        # All together are listed only where they save more than each alone.
        if hint is not None and (len(group) == 1 or all(hint.least < other.least for other in hints)):
            hints.append(hint)
    return tuple(sorted(hints, key=lambda hint: (hint.least, len(hint.tensors)))[:_HINTS])


class _Similar:
    """The buffers of a plan, grouped by shape, element type and the kind of operator that writes them."""

    def __init__(self, plan: Plan, graph: Graph) -> None:
        self.rows = plan.tensors_by_key()
        kinds = {
            (s, t): op.kind for s, subgraph in enumerate(graph.subgraphs) for op in subgraph.ops for t in op.outputs
        }
        self.ids: dict[object, list[int]] = {}
        self.mark: dict[int, object] = {}
        for b in plan.buffers:
            if self.whole(b):
                first = self.rows[b.tensors[0]]
                mark = (kinds.get(b.tensors[0]), first.shape, first.dtype)
                self.mark[b.id] = mark
                self.ids.setdefault(mark, []).append(b.id)

    def whole(self, b: PlannedBuffer) -> bool:
        """Whether every tensor of the buffer is an activation as large as the buffer."""
        rows = [self.rows[key] for key in b.tensors]
        return bool(rows) and all(row.bytes == b.size and row.role == "activation" for row in rows)

    def of(self, b: PlannedBuffer) -> list[int]:
        """The buffers similar to `b`, itself included."""
        return self.ids[self.mark[b.id]]


def _tile(known: Explanation, group: list[Alive], ids: set[int], images: Images) -> Tiling | None:
    plan, memory = known.plan, known.peak_step.memory
    problem = problem_of(plan, memory)
    places = [at for at, b in enumerate(buffers_of(plan, memory)) if b.id in ids]
    tensors = tuple(one.tensor for one in group if one.tensor is not None)
    best: Tiling | None = None
    for pieces in _PIECES:
        axes = [_axis(tensor, pieces, images) for tensor in tensors]
        axis = axes[0]
        if None in axes or axis is None:
            break
        buffers = list(problem.buffers)
        for at in places:
            buffers[at] = replace(buffers[at], size=-(-buffers[at].size // pieces), gaps=())
        least = lower_bound(replace(problem, buffers=tuple(buffers))).peak
        if least < (best.least if best is not None else memory.peak):
            letter = images.letter(tensors[0].key, len(tensors[0].shape or ()), axis)
            best = Tiling(tensors, len(ids) - len(tensors), axis, pieces, least, letter)
    return best


def find_rematerialisable(known: Explanation, graph: Graph) -> tuple[Rematerialisation, ...]:
    """The large tensors that the peak step does not use and that a cheap operator writes; at most _HINTS."""
    found = []
    for one in _large(known):
        if one.here or one.made is None or one.read is None or one.tensor is None:
            continue
        op = graph.subgraphs[one.made.subgraph].ops[one.made.op]
        if op.elementwise or op.view or op.moves is not None:
            found.append(Rematerialisation(one.tensor, one.made, one.read))
    return tuple(found[:_HINTS])


def _large(known: Explanation) -> list[Alive]:
    """The activations with at least 1 / _SMALL of the live bytes at the peak step."""
    return [
        one
        for one in known.alive
        if one.tensor is not None and one.tensor.role == "activation"
        if one.used * _SMALL >= known.peak_step.live_bytes
    ]


def _axis(tensor: PlannedTensor, pieces: int, images: Images) -> int | None:
    """The first axis to tile along that is long enough for this number of pieces; None where there is none."""
    shape = tensor.shape or ()
    long = ((axis, shape[axis]) for axis in images.axes(tensor.key, len(shape)))
    return next((axis for axis, dim in long if isinstance(dim, int) and dim >= pieces), None)
