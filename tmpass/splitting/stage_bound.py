"""A lower bound on the live bytes of a stage in parts, whatever the order of its operators.

Let S be the largest source of the stage. At each step of it, either a part has S still to read, so S is alive as a
whole, or each part has read all that it needs of S. Then each holds at least one tensor that it has computed from S.
Let p be a part, and held(p, x) the fewest bytes that the others hold then, together with the bytes x of S:

    held(p, x) = min over the sets U of other parts of the bytes of S in x and in the slices of U,
                 and the sum of m(o) of the other parts o

where m(o) is the fewest bytes of a tensor that part o computes from its slice. Slices may lie in S, and cover each
other there, but other tensors of different parts have different bytes (`least_held.py` finds the minimum). Where
nothing can lie in S, slices are copies with bytes of their own, and m(o) counts them as the other tensors.

So while an operator q of part p runs, the live bytes are at least

    S + outside(q)                                               where q reads S itself, or S is needed after the stage
    min(S + outside(q), unsliced(q) + held(p, slice of q))       elsewhere

All of these count tensors of part p alone, without S: own(q) is the bytes of those that q reads or makes, and of those
that p has before q and needs after it. outside(q) leaves out of own(q) what may lie in S, since S is counted whole.
unsliced(q) leaves out the slices where q reads one, since held(p, slice of q) counts its bytes. Where nothing lies in
S, there is a bound at the last step at which it is read (`last_reader.py`).

When the last part runs its copy q of an operator, the others have run theirs. Each of those holds at least one tensor
that depends on what its copy made. So own(q) and, for each other part, the fewest bytes of such a tensor are alive.

Last, the whole result is alive, and S with it if it is needed later.
"""

from collections.abc import Callable, Sequence
from functools import cache

from tmpass.graph.draft import DraftOp, DraftTensor
from tmpass.splitting.last_reader import last_reader
from tmpass.splitting.least_held import Held, least_held
from tmpass.splitting.rewrites.spans import Span
from tmpass.splitting.stage import Stage
from tmpass.splitting.stage_parts import Part, StageParts
from tmpass.splitting.working_set import WorkingSets


def stage_bound(sets: WorkingSets, stage: Stage, tensors: Sequence[DraftTensor], ops: Sequence[DraftOp]) -> int:
    """The bytes that are alive at some step of a stage in any order, beside tensors that only pass it by.

    Args:
        sets: of the model.
        stage: the stage.
        tensors: of the draft.
        ops: of the stage, in parts.
    """
    found = StageParts(sets, stage, tensors, ops)
    end = sets.net.bytes(found.result) + (found.whole if found.kept else 0)
    last = 0 if found.inside or found.kept else last_reader(found)
    return max(end, last, _at_each_operator(found), _last_to_run(found))


def _at_each_operator(found: StageParts) -> int:
    """The most bytes that are alive at an operator, whether S is alive or each part has read it."""
    parts, most = found.parts, 0
    held = [_held(found, part) for part in parts]
    for at, part in enumerate(parts):
        others = _beside(found, held[:at] + held[at + 1 :])
        for op in part.ops:
            beside = found.whole + found.own(part, op, found.inside)
            free = found.kept or found.source in op.inputs
            if beside > most:
                most = max(most, beside if free else min(beside, _past(found, part, op, others)))
    return most


def _past(found: StageParts, part: Part, op: DraftOp, others: Callable[[Span | None], int]) -> int:
    """The bytes that are alive while an operator runs once each part has read S."""
    rows = next((found.slices[t] for t in op.inputs if t in found.slices), None)
    if rows is None:
        return found.own(part, op, frozenset()) + others(None)
    return found.own(part, op, frozenset(found.slices), over=found.may_share(op)) + others(rows)


def _beside(found: StageParts, others: Sequence[Held]) -> Callable[[Span | None], int]:
    """What other parts hold together with rows of S."""
    return cache(lambda rows: least_held([*others, Held(rows, None)], found.whole, found.rows))


def _held(found: StageParts, part: Part) -> Held:
    """What a part holds once it has read S; nothing is claimed of one that does not read it."""
    if not any(found.source in op.inputs for op in part.ops):
        return Held(None, 0)
    derived = [t for op in part.ops for t in op.outputs if t in found.derived]
    spans = [found.slices[t] for t in derived if t in found.slices]
    common = Span(max(span.start for span in spans), min(span.stop for span in spans)) if spans else None
    return Held(common, min((found.size(t) for t in derived if t not in found.slices), default=None))


def _last_to_run(found: StageParts) -> int:
    """The bytes that are alive while the last part runs its copy of an operator."""
    behind = [_behind(found, part) for part in found.parts]
    together: dict[int, int] = {}
    for one in behind:
        for like, held in one.items():
            together[like] = together.get(like, 0) + held
    least: dict[int, int] = {}
    for part, one in zip(found.parts, behind, strict=True):
        for op in part.ops:
            if op.new is None:
                own = found.own(part, op, frozenset()) - one.get(op.like, 0)
                least[op.like] = min(own, least.get(op.like, own))
    return max((together.get(like, 0) + own for like, own in least.items()), default=0)


def _behind(found: StageParts, part: Part) -> dict[int, int]:
    """Operator -> the fewest bytes of a tensor that depends on what the part's copy of it makes."""
    least: dict[int, int] = {}
    behind: dict[int, int] = {}
    for op in reversed(part.ops):
        t = op.outputs[0]
        own = min(found.size(t), least.get(t, found.size(t)))
        if op.new is None and t not in found.slices:
            behind[op.like] = own
        for read in op.inputs:
            least[read] = min(own, least.get(read, own))
    return behind
