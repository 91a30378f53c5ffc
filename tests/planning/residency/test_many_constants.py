"""Time that grows no faster than the constants: planned and verified at sizes where a square would show."""

import time
from dataclasses import replace

import pytest
from support.graphs import Sketch, graph_of
from support.planning import INFO

from tmpass.api.plan import plan
from tmpass.api.verify import verify
from tmpass.graph.model import Call, Graph, Stored, TensorKind
from tmpass.loading.load import Model
from tmpass.targets import Memory, Target

EVERY = ("activations", "variables", "weights", "inputs_outputs")
SECONDS = 20.0
"""Of processor time, some times what each takes on an idle machine; a square takes minutes."""


def target(capacity: int | None, *, compute: bool = False) -> Target:
    far = Memory("far", None, 16, EVERY, compute=compute)
    return Target("t", "s", "", (Memory("near", capacity, 16, EVERY), far))


def chain(steps: int, each: int = 1) -> Graph:
    """Operators that read constants of their own."""
    sketch = Sketch()
    x = sketch.input(16)
    for _ in range(steps):
        x = sketch.op([x, *(sketch.tensor(64, TensorKind.CONSTANT) for _ in range(each))], 16)
    sketch.outputs = [x]
    return graph_of(sketch)


def stored_once(steps: int) -> Graph:
    """As `chain`, but all constants are one."""
    graph = chain(steps)
    keys = [(0, t) for t, tensor in enumerate(graph.subgraphs[0].tensors) if tensor.kind is TensorKind.CONSTANT]
    return replace(graph, stored={key: Stored(keys[0], 64) for key in keys})


def body(steps: int) -> Graph:
    """A loop that reads constants and runs a body of operators that do."""
    main = Sketch()
    x, own = main.input(16), [main.tensor(64, TensorKind.CONSTANT) for _ in range(20)]
    main.outputs = [main.op([x, *own], 16, kind="LOOP", calls=(Call(1, "body", repeats=True),))]
    return graph_of(main, chain(steps).subgraphs[0])


@pytest.mark.parametrize(
    ("graph", "goal", "use"),
    [
        (chain(5000, 4), target(None, compute=True), "stored"),
        (chain(8000), target(200), "streamed"),
        (chain(10_000), target(None), "resident"),
        (chain(1, 20_000), target(None), "resident"),
        (chain(1, 20_000), target(1000), "streamed"),
        (stored_once(5000), target(200), "resident"),
        (body(5000), target(2000), "streamed"),
    ],
    ids=["in place", "streamed", "resident", "one operator", "one that does not fit", "stored once", "in a body"],
)
def test_many_constants_are_planned_and_verified_in_seconds(graph, goal, use):
    begin = time.process_time()
    model = Model(INFO, graph)
    made = plan(model, goal, schedule="given", nodes=10)
    assert verify(made, model, target=goal) == ()
    assert time.process_time() - begin < SECONDS
    assert use in {row.use for row in made.constants}
