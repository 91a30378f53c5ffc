"""A plan in at most twelve lines: whether it fits, the bytes missing, and the largest tensors at the peak step."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.graphs import Sketch, chain, graph_of, graphs
from support.pages import MODELS

from tmpass.api.plan import plan
from tmpass.graph.model import Op, TensorKind
from tmpass.loading.load import Model
from tmpass.plans.left_out import NotRun
from tmpass.plans.model_info import ModelInfo
from tmpass.plans.peak_step import find_peak_step
from tmpass.report.terminal.summary import _peak_step, summary
from tmpass.targets import Memory, Target


def planned(graph, **options):
    return plan(Model(ModelInfo("net.tflite", "test", "0" * 64), graph), **options)


def lines(plan):
    text = summary(plan)
    assert text.endswith("\n")
    found = text.splitlines()
    assert len(found) <= 12
    assert all(len(line) <= 120 for line in found[1:])  # the answer is whole
    assert text.replace("\n", "").isprintable()
    return found


def test_a_plan_that_fits():
    assert lines(planned(chain(1024, 3000, 512), budget=8192, alignment=1)) == [
        "fits         yes; optimal for this order and sharing",
        "model        net.tflite on pixel6-tpu (assumed), memory scratchpad",
        "peak         4024 B (3.93 KiB)",
        "lower bound  4024 B (reached)",
        "order        as in the file; optimal over all orders",
        "capacity     8192 B (8 KiB), 49.1 % used",
        "not counted  scratch of kernels (unknown without --scratch)",
        "peak step    0 of 2, OP 'op0': 4024 B (3.93 KiB) in 2 buffers",
        "             3000 B at    0  activation 't1'",
        "             1024 B at 3000  input 't0'",
    ]


def test_a_budget_of_nothing_is_not_said_to_be_enough_with_transfers():
    found = lines(planned(chain(1024, 3000, 512), budget=0, alignment=1))
    assert found[0].startswith("fits         no; proved: nothing fits into 0 B; at least 4024 B (3.93 KiB) are missing")


def test_a_plan_that_does_not_fit_names_the_bytes_missing_and_the_largest_tensors():
    found = lines(planned(chain(1024, 3000, 512), budget=1000, alignment=1))
    assert found[0] == "fits         no; proved: one operator alone needs 3024 B (2.953 KiB) more than there is"
    assert found[2:5] == [
        "peak         4024 B (3.93 KiB)",
        "lower bound  4024 B (reached)",
        "order        as in the file; optimal over all orders",
    ]
    assert found[5] == "capacity     1000 B, 402.4 % needed"
    assert found[6] == "transfers    do not help: step 0, OP, alone needs 4024 B, 3024 B above the capacity"
    assert found[9:] == ["             3000 B at    0  activation 't1'", "             1024 B at 3000  input 't0'"]


def with_status(status, **memory):
    made = planned(chain(64, 64))
    return replace(made, status=status, memories=(replace(made.memories[0], **memory),))


def test_a_search_that_ended_is_not_a_no():
    found = lines(with_status("unknown", capacity=110, peak=128, lower_bound=100))
    assert found[0] == "fits         not found; the search ended 18 B above the capacity: more --nodes may help"
    assert found[3] == "lower bound  100 B; gap 28 B (28.00 %)"


def test_more_nodes_do_not_help_an_allocator_that_has_none():
    made = with_status("unknown", capacity=110, peak=128, lower_bound=100)
    found = lines(replace(made, options=replace(made.options, allocator="greedy-by-size")))
    assert found[0] == "fits         not found; the search ended 18 B above the capacity: --allocator auto may help"


def test_a_plan_that_may_not_be_the_smallest():
    assert (
        lines(with_status("feasible", peak=128, lower_bound=100))[0]
        == "fits         yes; a smaller plan is not ruled out"
    )


def test_a_memory_without_limit_and_one_without_bytes():
    assert lines(planned(chain(4, 4), target="tflm"))[5] == "capacity     unlimited"
    found = lines(planned(chain(4, 4), budget=0))
    assert found[5] == "capacity     0 B; 68 B missing in this plan"
    assert "no; proved: nothing fits into 0 B; at least" in found[0]


def test_the_memory_that_is_too_small_is_the_one_shown():
    """And not the scratchpad, which has room."""
    made = planned(chain(4, 4))
    full = replace(made.memories[0], name="far", capacity=10, peak=16, lower_bound=16)
    found = lines(replace(made, status="infeasible", fits=False, memories=(*made.memories, full)))
    assert found[1].endswith("memory far; also in scratchpad 68 B")
    assert found[0].startswith("fits         no; proved: at least 6 B are missing")


@pytest.mark.parametrize(("count", "listed"), [(1, 1), (4, 4), (5, 4), (40, 4)])
def test_at_most_four_lines_of_tensors_where_something_is_not_counted(count, listed):
    sketch = Sketch()
    for i in range(count):
        sketch.input(100 - i)
    sketch.ops.append(Op("CONCAT", "all", tuple(sketch.inputs), ()))
    found = lines(planned(graph_of(sketch), alignment=1))
    largest = ", the largest:" if count > listed else ""
    assert found[7].endswith(f"in {count} buffer{'s' if count > 1 else ''}{largest}")
    assert len(found[8:]) == listed
    assert found[8].startswith("             100 B at")


def test_a_model_without_steps():
    sketch = Sketch()
    sketch.outputs = [sketch.input(8)]
    found = lines(planned(graph_of(sketch)))
    assert found[6:] == ["peak step    outside of all steps: 8 B in 1 buffer", "             8 B at 0  input 't0'"]


def test_a_model_of_nothing():
    assert lines(planned(graph_of(Sketch())))[2:] == [
        "peak         0 B",
        "lower bound  0 B (reached)",
        "order        as in the file; optimal over all orders",
        "capacity     8388608 B (8 MiB), 0.0 % used (assumed: 4 processing elements with 2 MiB each; not public)",
    ]


@pytest.mark.parametrize("name", ["\n\n", "\x1b[2J", "x" * 500, "\u202e", "\U0001f600", "'"])
def test_names_keep_their_line(name):
    sketch = Sketch()
    x = sketch.input(8, name=name)
    sketch.outputs = [sketch.op([x], 8, kind=name)]
    made = planned(graph_of(sketch))
    lines(replace(made, model=replace(made.model, file=name), target=replace(made.target, name=name)))


@settings(max_examples=200, deadline=None)
@given(graphs(), st.sampled_from([None, 0, 3, 1000]), st.sampled_from(["arena", "external"]))
def test_at_most_twelve_lines_for_any_graph(graph, budget, io):
    made = planned(graph, budget=budget, io=io)
    verdict = lines(made)[0]
    assert verdict.startswith("fits         yes" if made.fits else "fits         no")


def branches():
    """Two wide results that the file makes before either is used."""
    main = Sketch()
    x = main.input(4)
    wide = [main.op([x], 50) for _ in range(2)]
    main.outputs = [main.op([main.op([w], 2) for w in wide], 2)]
    return graph_of(main)


def test_the_possible_saving_of_another_order_is_shown():
    given_order = lines(planned(branches(), alignment=1, schedule="given"))
    assert given_order[3].endswith("(reached)")
    assert given_order[4] == "order        as in the file; another may need up to 50 B less"
    assert lines(planned(branches(), alignment=1))[4] == "order        reordered; optimal over all orders"


def test_a_memory_of_constants_that_is_too_small_and_the_peak_of_the_first():
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.input(64), sketch.tensor(1000, TensorKind.CONSTANT)], 32)]
    sram = Memory("sram", None, 1, ("activations", "inputs_outputs"))
    flash = Memory("flash", 900, 1, ("weights",), reserve=100)
    assert lines(planned(graph_of(sketch), target=Target("board", "", "", (sram, flash))))[:7] == [
        "fits         no; 200 B are missing in flash",
        "model        net.tflite on board, memory flash",
        "peak         96 B in sram",
        "lower bound  96 B (reached)",
        "order        as in the file; optimal over all orders",
        "capacity     900 B, 122.2 % needed",
        "needed       1100 B (1.074 KiB): constants 1000 B, reserve 100 B",
    ]


def test_where_transfers_do_not_help_the_answer_says_what_is_proved_and_what_is_not():
    """That one operator needs too much of the scratchpad rules out transfers, but not tensors elsewhere."""
    made = plan(MODELS / "branchy.onnx", budget="24KiB")
    unknown = replace(made, status="unknown")
    first = summary(unknown).splitlines()[0]
    assert "are missing in this order; proved: no transfers help, since one operator alone needs more of" in first
    assert first.endswith("than is left; not proved: that nothing else does")
    others = tuple(replace(memory, compute=True) for memory in unknown.memories)
    elsewhere = replace(unknown, memories=others)
    first = summary(elsewhere).splitlines()[0]
    assert first.endswith("; not proved: that some of its tensors cannot be in another memory")
    required = replace(elsewhere, options=replace(unknown.options, transfers="required"))
    first = summary(required).splitlines()[0]
    assert first.endswith("; without --transfers required, some of its tensors may be in another memory")


def test_what_is_missing_in_other_memories_has_a_line_and_counts_as_everywhere_else():
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.input(64), sketch.tensor(1000, TensorKind.CONSTANT)], 32)]
    sram = Memory("sram", 80, 1, ("activations", "inputs_outputs"))
    flash = Memory("flash", 900, 16, ("weights",))
    target = Target("board", "", "", (sram, flash))
    found = lines(planned(graph_of(sketch), target=target))
    assert found[0] == "fits         no; proved: at least 16 B are missing in any order"
    assert found[6] == "also missing 108 B in flash"
    alone = planned(graph_of(sketch), target=target.override(1000))
    assert lines(alone)[0] == "fits         no; 108 B are missing in flash"
    assert not any("also" in line for line in lines(alone))
    assert alone.memories[1].proved_shortfall == 93, "without padding"
    enough = replace(sram, capacity=96), replace(flash, capacity=900 + 108)
    assert planned(graph_of(sketch), target=replace(target, memories=enough)).fits


def test_the_padding_of_constants_beside_buffers_counts_as_everywhere_else():
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.input(64), sketch.tensor(1000, TensorKind.CONSTANT)], 32)]
    one = Memory("ram", 1000, 16, ("activations", "inputs_outputs", "weights"))
    made = planned(graph_of(sketch), target=Target("board", "", "", (one,)))
    assert lines(made)[0] == "fits         no; proved in any order: 104 B are missing"
    assert made.memories[0].shortfall == 104


def full():
    """A plan with every line that one has which does not fit: nothing is left for the buffers at its peak step."""
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.input(64), sketch.tensor(1000, TensorKind.CONSTANT)], 32)]
    every = ("activations", "variables", "inputs_outputs", "weights")
    near = Memory("near", 60, 1, every, reserve=5)
    far = Memory("far", 980, 1, every, chunk=4)
    return planned(graph_of(sketch), target=Target("board", "", "", (near, far)))


def test_the_peak_step_alone_where_no_line_is_left_for_its_buffers():
    found = lines(full())
    assert [line.split("  ")[0] for line in found[6:11]] == [
        "also missing 20 B in far",
        "transfers",
        "needed",
        "constants",
        "not counted",
    ]
    assert found[11:] == ["peak step    0 of 1, OP 'op0': 96 B in 2 buffers"]


@pytest.mark.parametrize("kinds", [1, 2])
def test_no_peak_step_where_no_line_is_left_for_it(kinds):
    """A runtime that is known to refuse operators copies no buffers, and so has no line on transfers."""
    rows = tuple(NotRun(f"KIND{at}", "of uint8", "int8", True, 1, 0, 0) for at in range(kinds))
    found = lines(replace(full(), not_run=rows, warnings=()))
    assert len(found) == 12
    assert not any(line.startswith("peak step") for line in found)


def test_every_number_of_lines_that_is_left_for_the_peak_step():
    """As many buffers as there are lines for, and the words "the largest" only where some are listed."""
    made = full()
    peak_step = find_peak_step(made, made.memories[0])
    for room, listed in [(-2, None), (-1, None), (0, 0), (1, 1), (2, 2), (3, 2)]:
        found = list(_peak_step(made, peak_step, room))
        assert len(found) == (0 if listed is None else 1 + listed)
        assert ("the largest" in "".join(found[:1])) == (listed == 1)


def test_the_answer_is_whole_and_other_lines_are_cut_between_words():
    made = planned(chain(1024, 3000, 512), budget=2000)
    name = "name_of_a_layer " * 9
    made = replace(made, model=replace(made.model, file=name))
    answer, model, *_ = summary(made).splitlines()
    assert answer.startswith("fits         no")
    assert not answer.endswith("...")
    assert model.endswith("name_of_a_layer...")
