"""Policies of backtracking for tests: trees that say always the same, and drawn ones."""

import random

from tmpass.packing.learning.policy import FEATURES, Node, Policy

ALWAYS = Policy(((1.0,),), 0.0, 0.0)
"""Calls every placement wrong, so that each look goes back to the start."""

NEVER = Policy((), 0.0, 1.0)
"""Calls no placement wrong."""


def drawn_policy(rng: random.Random, trees: int = 4) -> Policy:
    """Return a policy of random trees, whose thresholds are among small fractions, counts and logarithms."""
    return Policy(tuple(_tree(rng) for _ in range(trees)), rng.uniform(-1, 1), rng.uniform(-1, 1))


def _tree(rng: random.Random) -> tuple[Node, ...]:
    nodes: list[Node] = []
    _grow(rng, nodes, depth=3)
    return tuple(nodes)


def _grow(rng: random.Random, nodes: list[Node], depth: int) -> None:
    if depth == 0 or rng.random() < 0.2:
        nodes.append(rng.uniform(-1, 1))
        return
    place = len(nodes)
    nodes.append(0.0)
    _grow(rng, nodes, depth - 1)
    threshold = rng.choice((0.0, 0.01, 0.1, 0.3, 0.5, 0.9, 2.0, 5.0))
    nodes[place] = (rng.randrange(len(FEATURES)), len(nodes), threshold)
    _grow(rng, nodes, depth - 1)
