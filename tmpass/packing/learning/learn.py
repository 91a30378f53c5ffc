"""One function from problems to a policy."""

import hashlib
from collections.abc import Callable, Mapping

from tmpass.base.errors import UsageError
from tmpass.base.record import record
from tmpass.base.version import VERSION
from tmpass.packing.allocate import allocate
from tmpass.packing.learning.examples import Examples, collect
from tmpass.packing.learning.policy import Policy
from tmpass.packing.learning.train import load_ydf, train
from tmpass.packing.merge_shared import merge_shared
from tmpass.packing.problem import Problem


@record
class Learned:
    """A policy, and what it comes from.

    Fields:
        policy: the trees.
        dead_ends: how many were looked at.
        examples: choices at these dead ends.
        left_out: the names of the problems without a packing that is known.
    """

    policy: Policy
    dead_ends: int
    examples: int
    left_out: tuple[str, ...]


FEWEST = 30
"""Dead ends to learn from at least."""

THRESHOLD = 1.0
"""The score from which on a search goes back: a probability of 0.73. See docs/dev/searches.md."""

_NODES = 200_000
"""Of the search for a packing of each problem, without which there is nothing to learn from it."""


def learn(
    problems: Mapping[str, Problem],
    *,
    seed: int = 1,
    provenance: tuple[tuple[str, int | str], ...] = (),
    done: Callable[[], None] = lambda: None,
) -> Learned:
    """A policy of backtracking from dead ends of telamalloc on `problems`.

    The same problems, seed and versions of tmpass and ydf give the same policy.

    Args:
        problems: by name. A problem without a capacity is asked to fit the least peak that is found. Where no packing
            within the capacity is found, there is nothing to learn.
        seed: of the searches and of the training.
        provenance: what the policy is to tell of its origin, besides problems, seed and versions.
        done: called after each problem.

    Returns:
        The policy, and how much it has learned from.

    Raises:
        UsageError: ydf is not installed, or there are too few dead ends.
    """
    ydf = load_ydf()
    known, left_out = {}, []
    for name in sorted(problems):
        merged = merge_shared(problems[name]).problem
        capacity = _capacity(merged)
        if capacity is None:
            left_out.append(name)
            done()
        else:
            known[name] = merged, capacity
    examples = collect(known.values(), seed, done=done)
    _check(examples, len(known))
    trees, base = train(examples, seed)
    origin = (
        ("tmpass", VERSION),
        ("ydf", ydf.__version__),
        ("seed", seed),
        ("problems", len(known)),
        ("problems_sha256", _digest(known)),
        ("dead_ends", examples.dead_ends),
        ("examples", len(examples.rows)),
    )
    policy = Policy(trees, base, THRESHOLD, (*origin, *provenance))
    return Learned(policy, examples.dead_ends, len(examples.rows), tuple(left_out))


def _capacity(problem: Problem) -> int | None:
    """Bytes for which a packing of `problem` is known: its capacity, or the least peak that is found; else None."""
    if not problem.buffers:
        return None
    answer = allocate(problem, minimize=problem.capacity is None, nodes=_NODES)
    if answer.peak is None or (problem.capacity is not None and answer.peak > problem.capacity):
        return None
    return answer.peak if problem.capacity is None else problem.capacity


def _check(examples: Examples, problems: int) -> None:
    if examples.dead_ends < FEWEST or len(set(examples.wrong)) < 2:
        raise UsageError(
            f"telamalloc met {examples.dead_ends} dead ends worth a look in {problems} problems, too few to learn from",
            hint=f"give more problems, or tighter ones: at least {FEWEST} dead ends are needed",
        )


def _digest(known: Mapping[str, tuple[Problem, int]]) -> str:
    """A digest of the problems, whatever they are called and however their files are written."""
    texts = [
        repr((problem.buffers, problem.alignment, problem.memories, problem.apart, capacity))
        for problem, capacity in known.values()
    ]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
