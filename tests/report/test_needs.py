"""What the summary says of constants, also of plans whose rows do not belong together."""

from dataclasses import replace

import pytest
from support.graphs import Sketch, graph_of
from support.planning import INFO

from tmpass.api.plan import plan
from tmpass.graph.model import TensorKind
from tmpass.loading.load import Model
from tmpass.plans.diff import diff
from tmpass.report.needs import constants, memory_lines
from tmpass.targets import Memory, Target

EVERY = ("activations", "variables", "weights", "inputs_outputs")


def made():
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.input(16), sketch.tensor(64, TensorKind.CONSTANT)], 16)]
    memories = Memory("near", None, 8, EVERY), Memory("far", None, 8, EVERY, compute=False)
    return plan(Model(INFO, graph_of(sketch)), Target("t", "s", "", memories))


@pytest.mark.parametrize("tensors", [((0, 1),), (), ((9, 9),)])
def test_a_copy_of_no_stored_constant_counts_its_own_bytes(tensors):
    one = made()
    rows = tuple(replace(row, tensors=tensors) if row.use != "stored" else row for row in one.constants)
    assert constants(replace(one, constants=rows), one.memories[0]).startswith("64 B in far; 64 B stay in near")


def test_constants_that_stay_between_the_buffers_are_counted():
    """They are below the peak, and were 0 B in `diff`, `show`, the page and the header."""
    above = made()
    near, far = above.memories
    rows = tuple(replace(row, offset=32) if row.use == "resident" else row for row in above.constants)
    between = replace(above, memories=(replace(near, peak=128, loaded=0), far), constants=rows)
    assert memory_lines(between)[0] == "near  128 B: buffers 128 B (with 64 B of constants between them)"
    assert diff(above, between).memories[0].constants.new == 64
    assert "CONSTANTS 0u /* and 64 B between the buffers */" in between.emit("c")
    assert "between" not in memory_lines(above)[0] + above.emit("c")
