"""A lower bound on the bytes that are alive while some operators of a net run, whole or in parts, in any order.

The operators are planned alone. What they read is given by operators that may run at any moment, and what is needed
whenever all of them have run is read at the end. An order of the whole net, restricted to these operators and to the
makers of what they read, is an order of the operators alone in which no more bytes are alive at any step. So what the
search for an order proves of all orders is a bound, and tensors that are alive all the time come on top.

Nothing is claimed where two tensors that are read may have bytes in common, since the operators alone do not show it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce
from operator import and_

from tmpass.base.record import record
from tmpass.graph.draft import Draft, DraftOp, DraftTensor, draft_graph
from tmpass.graph.model import Entry, Graph, Op, Subgraph
from tmpass.splitting.net import Net
from tmpass.splitting.plan_draft import least_live
from tmpass.splitting.working_set import WorkingSets

_GIVE, _KEEP = "GIVE", "KEEP"
"""The kinds of operators that stand for what is before and behind those that are bounded."""


@record
class Running:
    """Consecutive operators of a net, whole or in parts.

    Fields:
        first: the position of the first in the order of the net.
        last: that of the last.
        tensors: of a draft; the first ones are those of the model.
        ops: of the draft, which stand for the operators.
    """

    first: int
    last: int
    tensors: Sequence[DraftTensor]
    ops: Sequence[DraftOp]


def in_one_piece(net: Net, first: int, last: int) -> Running:
    """The operators at the positions [first, last] as they are."""
    return Running(first, last, net.draft.tensors, [net.draft.ops[op] for op in net.order[first : last + 1]])


def order_bound(sets: WorkingSets, running: Running, states: int) -> int:
    """The bytes that are alive at some step of the operators in any order; 0 where nothing is claimed.

    Args:
        sets: of the model.
        running: the operators.
        states: sets of operators that the search for an order visits.
    """
    net, first, last = sets.net, running.first, running.last
    given = list(_given(net, running))
    if sets.have_common(given, first, last):
        return 0
    after = _always(sets.after, running)
    beside = sets.across(_always(sets.before, running), after)
    made = [t for position in range(first, last + 1) for t in net.op(position).outputs if net.active(t)]
    kept = [t for t in beside if t in given] + [t for t in made if sets.is_needed(t, after)]
    own = {sets.root(t) for t in (*given, *made)}
    through = sets.sum(t for t in beside if sets.root(t) not in own)
    return through + least_live(_alone(net, running, given, kept), sets.target, states)


def _always(bits: Sequence[int], running: Running) -> int:
    """The positions that are in the bits of each operator."""
    return reduce(and_, bits[running.first : running.last + 1])


def _given(net: Net, running: Running) -> Iterator[int]:
    """The activations that the operators read and do not make."""
    made = {t for op in running.ops for t in op.outputs}
    for t in dict.fromkeys(t for op in running.ops for t in op.inputs if t not in made):
        if t >= 0 and running.tensors[t].numbers is None and net.active(running.tensors[t].like):
            yield t


def _alone(net: Net, running: Running, given: Sequence[int], kept: Sequence[int]) -> Graph:
    """The operators behind those that give what they read, and before one that reads what is needed afterwards."""
    ops = running.ops
    used = dict.fromkeys(t for op in ops for t in (*op.inputs, *op.outputs, *op.temporaries) if t >= 0)
    index = {t: number for number, t in enumerate(used)} | {-1: -1}

    def renamed(tensors: Sequence[int]) -> tuple[int, ...]:
        return tuple(index[t] for t in tensors)

    moved = tuple(
        replace(op, inputs=renamed(op.inputs), outputs=renamed(op.outputs), temporaries=renamed(op.temporaries))
        for op in ops
    )
    draft = Draft(tuple(running.tensors[t] for t in used), moved, (), ())
    made = draft_graph(draft, net.graph, net.dialect).subgraphs[0]
    before = tuple(Op(_GIVE, _GIVE, (), (index[t],)) for t in given if t not in net.main.inputs)
    behind = Op(_KEEP, _KEEP, tuple(index[t] for t in kept if t in index), ())
    inputs = renamed([t for t in given if t in net.main.inputs])
    outputs = renamed([t for t in kept if t in index and t in net.main.outputs])
    alone = Subgraph("", made.tensors, (*before, *made.ops, behind), inputs, outputs)
    return Graph(net.graph.format, (alone,), (Entry("main", 0),))
