"""The bound on all orders, worked out anew for small graphs."""

import pytest
from support.graphs import Sketch, graph_of
from support.planning import ALL, INFO

from tmpass.graph import Op
from tmpass.loading import Model
from tmpass.pipeline import plan


@pytest.mark.parametrize("schedule", ["auto", "least-peak"])
@pytest.mark.parametrize("random", [True, False])
def test_state_takes_the_turns_of_the_data_where_the_file_is_not_sorted(schedule, random):
    sketch = Sketch()
    x = sketch.input(8)
    first, last = sketch.tensor(300), sketch.tensor(8)
    large = [sketch.op([x], 100) for _ in range(3)]
    sketch.ops += [Op("R", "reads", (first,), (last,), random=random), Op("R", "writes", (x,), (first,), random=random)]
    sketch.outputs = [last, *(sketch.op([t], 4) for t in large)]
    made = plan(Model(INFO, graph_of(sketch)), ALL, schedule=schedule)
    assert (made.order.method, made.order.lower_bound, made.memories[0].peak) == ("least-peak", 316, 316)
