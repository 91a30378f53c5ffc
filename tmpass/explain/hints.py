"""What a change of the model itself might bring: bounds and words, not plans."""

from dataclasses import replace

from tmpass.bounds import lower_bound
from tmpass.explain.problem import buffers_of, problem_of
from tmpass.explanation import Again, Alive, Explanation, Split
from tmpass.graph import Graph

_PIECES = (2, 4, 8)
_SMALL = 8
"""One part in so many of the live bytes is too small to be worth a hint."""

_HINTS = 3


def split(known: Explanation) -> tuple[Split, ...]:
    """The tensors at the fullest step of which pieces would help most, each with the fewest pieces that do so.

    For each, the peak is bounded from below with the tensor's buffer a part of its size all the time.
    """
    plan, memory = known.plan, known.full.memory
    problem, places = problem_of(plan, memory), {b.id: at for at, b in enumerate(buffers_of(plan, memory))}
    found = []
    for one in _large(known):
        best: Split | None = None
        assert one.tensor is not None
        for pieces in _PIECES if len(one.buffer.tensors) == 1 and one.made is not None and one.read is not None else ():
            axis = _axis(one.tensor.shape, pieces)
            if axis is None:
                break
            at = places[one.buffer.id]
            part = replace(problem.buffers[at], size=-(-one.buffer.size // pieces))
            changed = replace(problem, buffers=(*problem.buffers[:at], part, *problem.buffers[at + 1 :]))
            least = lower_bound(changed).peak
            if least < (best.least if best is not None else memory.peak):
                best = Split(one.tensor, axis, pieces, least)
        found += [best] if best is not None else []
    return tuple(sorted(found, key=lambda hint: hint.least)[:_HINTS])


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
