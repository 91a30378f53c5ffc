"""What plans with transfers claim, and what may not leave: cases that plans were once wrong about."""

from dataclasses import replace

import pytest
from support.graphs import Sketch, graph_of
from support.travelling import EVERYTHING, planned

from tmpass.graph.model import Call, Entry, Graph, TensorKind
from tmpass.plans.peak_step import deciding_memory
from tmpass.report.terminal.summary import summary
from tmpass.targets import EVERY, Memory, Sharing, Target
from tmpass.verification.plan import check_plan

SHARING = Sharing((EVERY,), (EVERY,), (EVERY,))


def target(capacity: int | None, **far: object) -> Target:
    memories = Memory("near", capacity, 1, EVERYTHING), Memory("far", None, 1, EVERYTHING, compute=False, chunk=4)
    return Target("t", "s", "", (memories[0], replace(memories[1], **far)), SHARING)


def state() -> Graph:
    """A state that is written over, and two branches that leave little room for it."""
    sketch = Sketch()
    given = sketch.input(16, name="state")
    y = sketch.op([given], 8)
    for size in (32, 32, 8):
        y = sketch.op([y], size)
    out = sketch.unary(given)
    sketch.tensors[out] = replace(sketch.tensors[out], name="out")
    z = sketch.op([out, y], 24)
    for size in (48, 8):
        z = sketch.op([z], size)
    sketch.outputs = [out, sketch.op([z, out], 40)]
    return graph_of(sketch)


@pytest.mark.parametrize("capacity", range(64, 100, 4))
@pytest.mark.parametrize("options", [{"tie": {"out": "state"}}, {"keep_inputs": True}])
def test_what_the_caller_finds_again_stays_at_its_address(capacity, options):
    made = planned(state(), target(capacity), **options)
    travelling = {row.first for row in made.buffers if row.first is not None}
    assert made.tensor((0, 0)).buffer not in travelling


def test_a_tied_output_that_ends_elsewhere_is_found():
    made = next(p for c in range(72, 100) if (p := planned(state(), target(c))).transfers is not None)
    asked = replace(made, options=replace(made.options, keep_inputs=True))
    names = {t.name for t in made.tensors if any(b.first == t.buffer for b in made.buffers)}
    assert ("state" in names) == any("an input that is kept" in v.message for v in check_plan(asked, state(), SHARING))


def test_no_bound_is_claimed_where_buffers_have_gaps():
    sketch = Sketch()
    x = sketch.input(4)
    a, t = sketch.op([x], 8), sketch.op([x], 1)
    b = sketch.op([sketch.op([sketch.op([a], 8)], 8)], 8)
    sketch.outputs = [sketch.op([sketch.concat(a, b), t], 4)]
    made = planned(graph_of(sketch), target(24), schedule="given")
    assert made.status != "infeasible"
    if made.transfers is not None:  # a plan by hand moves 2 bytes: one of the byte, spilled and fetched
        assert made.transfers.lower_bound <= 2


def over_or_beside(*, over: bool) -> Graph:
    """A result that may be written over its input if the other reader of that ran before."""
    sketch = Sketch()
    x = sketch.op([sketch.input(4)], 100)
    made = [sketch.op([x], 10)] if over else []
    result = sketch.unary(x)
    y = made[0] if over else sketch.op([x], 10)
    for size in (60, 60, 20):
        y = sketch.op([y], size)
    sketch.outputs = [sketch.op([result, y], 4)]
    return graph_of(sketch)


def test_an_order_that_is_not_tried_is_not_ruled_out():
    assert planned(over_or_beside(over=True), target(130)).fits
    made = planned(over_or_beside(over=False), target(130))
    assert made.fits or made.status == "unknown"
    assert not any("do not help" in line for line in made.warnings)


def test_a_memory_behind_that_constants_alone_overfill_is_a_proof_whatever_else_is_open():
    sketch = Sketch()
    x = sketch.op([sketch.input(4), sketch.tensor(1000, TensorKind.CONSTANT)], 100)
    result, y = sketch.unary(x), sketch.op([x], 10)
    for size in (60, 60, 20):
        y = sketch.op([y], size)
    sketch.outputs = [sketch.op([result, y], 4)]
    found = {1090: set(), 900: set()}
    for room, statuses in found.items():
        for capacity in range(110, 240, 10):
            near = Memory("near", capacity, 1, EVERYTHING)
            far = Memory("far", room, 1, (*EVERYTHING, "weights"), compute=False, chunk=4)
            made = planned(graph_of(sketch), replace(target(capacity), memories=(near, far)))
            statuses.add(made.status)
            assert room > 1000 or deciding_memory(made).name == "far"
            assert not check_plan(made, graph_of(sketch), SHARING)
    assert "unknown" in found[1090]
    assert found[900] == {"infeasible"}


def test_a_plan_that_needs_no_copy_is_an_ordinary_one():
    sketch = Sketch()
    x, constant = sketch.input(2), sketch.tensor(2, TensorKind.CONSTANT)
    sketch.outputs = [sketch.op([x], 2, kind="A"), sketch.op([constant, x], 2, kind="B")]
    for capacity in (6, 7, 8):
        made = planned(graph_of(sketch), target(capacity, chunk=None))
        assert (made.fits, made.transfers) == (True, None)


def test_an_input_that_nobody_reads_beside_a_body():
    body = Sketch("body")
    body.outputs = [body.op([body.input(8)], 8)]
    sketch = Sketch()
    x = sketch.input(8)
    sketch.input(4)
    far = sketch.op([sketch.op([x], 8, kind="IF", calls=(Call(1, "then"),))], 32)
    z = far
    for size in (40, 40, 8):
        z = sketch.op([z], size)
    sketch.outputs = [sketch.op([z, far], 8)]
    graph = graph_of(sketch, body)
    assert any(planned(graph, target(capacity)).transfers is not None for capacity in (100, 90, 80))


def test_a_plan_that_another_memory_is_too_small_for_does_not_fit():
    sketch = Sketch()
    x = sketch.input(8)
    a = sketch.op([x], 32)
    y = sketch.op([sketch.op([a], 40)], 40)
    y = sketch.op([y, sketch.tensor(64, TensorKind.CONSTANT)], 8)
    sketch.outputs = [sketch.op([y, a], 8)]
    written = ("activations", "inputs_outputs", "variables")
    near, far = Memory("near", 88, 1, written), Memory("far", None, 1, written, compute=False)
    goal = Target("t", "s", "", (near, far, Memory("flash", 50, 1, ("weights",))), SHARING)
    made = planned(graph_of(sketch), goal)
    assert not made.fits
    assert not summary(made).startswith("fits         yes")


def test_tensors_without_bytes_are_divided_with_the_others():
    sketch = Sketch()
    tensors = [sketch.input(4)]
    for size, inputs in ((3, (0, 0)), (0, (1, 1)), (3, (2, 1)), (11, (3, 0)), (3, (4, 4))):
        tensors.append(sketch.op([tensors[at] for at in inputs], size))
    sketch.outputs = [tensors[-1]]
    memories = Memory("near", 10, 4, EVERYTHING), Memory("far", None, 16, EVERYTHING)
    goal = Target("t", "s", "", memories, SHARING)
    for nodes in (0, 1000):
        assert planned(graph_of(sketch), goal, transfers="never", nodes=nodes).fits


def twice(room: int) -> tuple[Graph, Target]:
    """A model of two entries on one subgraph, for which no transfers are tried, and constants in the scratchpad."""
    sketch = Sketch()
    x = sketch.op([sketch.input(4), sketch.tensor(1000, TensorKind.CONSTANT)], 100)
    sketch.outputs = [sketch.op([x], 4)]
    graph = graph_of(sketch)
    uses = "activations", "inputs_outputs", "variables"
    near, far = Memory("near", room, 1, (*uses, "weights")), Memory("far", None, 1, uses, compute=False)
    return replace(graph, entries=(Entry("a", 0), Entry("b", 0))), Target("t", "s", "", (near, far), SHARING)


def test_a_scratchpad_that_constants_alone_overfill_is_a_proof_though_transfers_are_open():
    made = planned(*twice(900))
    assert (made.status, made.fits, check_plan(made, twice(900)[0], SHARING)) == ("infeasible", False, [])
    said = "no; proved: at least 204 B are missing in any order, without transfers"
    assert summary(made).splitlines()[0] == f"fits         {said}"


def test_open_transfers_are_not_an_open_order():
    made = planned(*twice(1050))
    assert made.status == "unknown"
    said = "not found; no order fits without transfers, and none was found with them: 58 B more are enough"
    assert summary(made).splitlines()[0] == f"fits         {said}"
    assert planned(*twice(1050 + 58)).fits
