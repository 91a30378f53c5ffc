"""What a change of the model itself might bring: bounds and words, not plans."""

from dataclasses import replace

from tmpass.explanation.facts import Again, Alive, Explanation, Split
from tmpass.explanation.problem import buffers_of, problem_of
from tmpass.graph.model import Graph
from tmpass.packing.bounds import lower_bound
from tmpass.plans.plan import Plan, PlannedBuffer

_PIECES = (2, 4, 8)
_SMALL = 8
"""One part in so many of the live bytes is too small to be worth a hint."""

_HINTS = 3


def split(known: Explanation, graph: Graph) -> tuple[Split, ...]:
    """The tensors at the fullest step of which pieces would help most, each alone, and all that its operator reads and
    makes; with the fewest pieces that bring the most.

    The peak is bounded from below with their buffers a part of their size all the time, and so with those of all
    tensors that are like them: a model of equal layers has a fullest step in each.
    """
    likes = _Likes(known.plan, graph)
    large = [one for one in _large(known) if likes.whole(one.buffer)]
    groups = [[one] for one in large]
    here = [one for one in large if one.here]
    if len(here) > 1:
        groups.append(here)
    hints: list[Split] = []
    seen: list[set[int]] = []
    for group in groups:
        ids = {like for one in group for like in likes.of(one.buffer)}
        hint = _in_pieces(known, group, ids) if ids not in seen else None
        seen.append(ids)
        # All together are worth a line only where they bring more than each.
        if hint is not None and (len(group) == 1 or all(hint.least < other.least for other in hints)):
            hints.append(hint)
    return tuple(sorted(hints, key=lambda hint: (hint.least, len(hint.tensors)))[:_HINTS])


class _Likes:
    """The buffers of a plan by what they hold: shape, element type, and the kind of operator that makes it."""

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
        """Whether all that the buffer ever holds is as large as it is: one activation, its views, what replaces it."""
        rows = [self.rows[key] for key in b.tensors]
        return bool(rows) and all(row.bytes == b.size and row.role == "activation" for row in rows)

    def of(self, b: PlannedBuffer) -> list[int]:
        """The buffers that are like `b`, itself among them."""
        return self.ids[self.mark[b.id]]


def _in_pieces(known: Explanation, group: list[Alive], ids: set[int]) -> Split | None:
    plan, memory = known.plan, known.full.memory
    problem = problem_of(plan, memory)
    places = [at for at, b in enumerate(buffers_of(plan, memory)) if b.id in ids]
    tensors = tuple(one.tensor for one in group if one.tensor is not None)
    best: Split | None = None
    for pieces in _PIECES:
        axes = [_axis(tensor.shape, pieces) for tensor in tensors]
        if None in axes or axes[0] is None:
            break
        buffers = list(problem.buffers)
        for at in places:
            buffers[at] = replace(buffers[at], size=-(-buffers[at].size // pieces), gaps=())
        least = lower_bound(replace(problem, buffers=tuple(buffers))).peak
        if least < (best.least if best is not None else memory.peak):
            best = Split(tensors, len(ids) - len(tensors), axes[0], pieces, least)
    return best


def make_again(known: Explanation, graph: Graph) -> tuple[Again, ...]:
    """The tensors that only wait at the fullest step, and that a cheap operator has made."""
    found = []
    for one in _large(known):
        if one.here or one.made is None or one.read is None or one.tensor is None:
            continue
        op = graph.subgraphs[one.made.subgraph].ops[one.made.op]
        if op.elementwise or op.view or op.moves is not None:
            found.append(Again(one.tensor, one.made, one.read))
    return tuple(found[:_HINTS])


def _large(known: Explanation) -> list[Alive]:
    """The activations that take a good part of the fullest step."""
    return [
        one
        for one in known.alive
        if one.tensor is not None and one.tensor.role == "activation"
        if one.used * _SMALL >= known.full.live_bytes
    ]


def _axis(shape: tuple[int | str, ...] | None, pieces: int) -> int | None:
    """The first axis that is long enough to be cut."""
    return next((axis for axis, dim in enumerate(shape or ()) if isinstance(dim, int) and dim >= pieces), None)
