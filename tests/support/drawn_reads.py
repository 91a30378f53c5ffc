"""Small graphs whose operators read constants, for tests of copies."""

import random

from support.graphs import Sketch, graph_of
from tmpass.graph.model import Graph, TensorKind


def drawn(rng: random.Random) -> Graph:
    """A graph of up to six operators that read results of others and constants of up to 40 bytes."""
    main = Sketch()
    made = [main.input(rng.randint(1, 20))]
    weights: list[int] = []
    for _ in range(rng.randint(3, 6)):
        own = [main.tensor(rng.randint(1, 40), TensorKind.CONSTANT) for _ in range(rng.choice((0, 1, 1, 2)))]
        again = [rng.choice(weights)] if weights and rng.random() < 0.1 else []
        weights += own
        read = rng.sample(made, min(len(made), rng.choice((1, 1, 2))))
        made.append(main.op([*read, *own, *again], rng.randint(1, 40)))
    unread = set(made) - {t for op in main.ops for t in op.inputs}
    main.outputs = sorted(unread)
    return graph_of(main)
