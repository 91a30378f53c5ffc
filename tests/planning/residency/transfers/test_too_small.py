"""The operator that needs more than the scratchpad has, with the tiles that would do."""

from dataclasses import replace

import pytest
from support.graphs import Sketch, graph_of
from support.planning import INFO
from support.travelling import EVERYTHING, network, planned, target

from tmpass.base.choices import ConstantUse
from tmpass.explanation.capacity_curve import curve_of
from tmpass.graph.model import Graph, TensorKind
from tmpass.loading.load import Model
from tmpass.planning.residency.transfers.too_small import Tiles, find_tiles
from tmpass.plans.plan import Plan
from tmpass.plans.plan_json import parse_plan
from tmpass.report.answer import answer
from tmpass.report.transfers import no_help
from tmpass.targets import Memory, Target, load_target
from tmpass.verification.operator_need import OperatorNeed, find_operator_need
from tmpass.verification.plan import check_plan
from tmpass.verification.trust import proved_again


def convolution(format_: str = "tflite") -> Graph:
    """An image of 8 rows of 16 bytes, a kernel of 3 rows, and a result of 8 rows of 32 bytes."""
    sketch = Sketch()
    nhwc = format_ == "tflite"
    x = sketch.input((1, 8, 4, 4) if nhwc else (1, 4, 8, 4))
    weights = sketch.tensor((8, 3, 3, 4) if nhwc else (8, 4, 3, 3), TensorKind.CONSTANT)
    sketch.outputs = [sketch.op([x, weights], (1, 8, 4, 8) if nhwc else (1, 8, 8, 4), kind="CONV_2D")]
    graph = graph_of(sketch)
    return Graph(format_, graph.subgraphs, graph.entries)


@pytest.mark.parametrize("format_", ["tflite", "onnx"])
@pytest.mark.parametrize(
    ("room", "tiles"),
    [
        # r rows: 32 r of the result, 16 (r + 2) of the image, at most 8 rows of it
        (48 * 4 + 32, Tiles(4, 8, 224)),
        (48 * 4 + 31, Tiles(3, 8, 176)),
        (80, Tiles(1, 8, 80)),
        (79, Tiles(1, 8, 80)),
    ],
)
def test_the_tallest_tiles_that_fit(format_, room, tiles):
    assert find_tiles(convolution(format_), (0, 0), 128 + 256, room) == tiles


def test_what_is_not_cut_counts_whole():
    assert find_tiles(convolution(), (0, 0), 128 + 256 + 100, 180) == Tiles(1, 8, 180)


def test_no_tiles_where_the_height_is_not_known():
    assert find_tiles(convolution("test"), (0, 0), 384, 100) is None
    assert find_tiles(Graph("onnx", network().subgraphs, network().entries), (0, 1), 72, 60) is None


def test_the_warning_names_the_operator_its_bytes_and_what_is_missing():
    made = planned(convolution(), target(300, 8, chunk=8))
    (found,) = (line for line in made.warnings if line.startswith("transfers"))
    assert found == (
        "transfers do not help: step 0, CONV_2D, alone needs 392 B, 92 B above the capacity; in tiles of 5 of 8 rows "
        "about 280 B (an estimate): 'op0'"
    )
    (tiny,) = (line for line in planned(convolution(), target(40, 8, chunk=8)).warnings if "transfers" in line)
    assert tiny.endswith("even one row of its output about 88 B (an estimate): 'op0'")


def test_constants_that_a_chunk_would_stream_in_pieces_are_named():
    def said(capacity):
        (found,) = (
            line for line in planned(convolution(), target(capacity, 8, chunk=None)).warnings if "transfers" in line
        )
        return found

    # The kernel has 288 bytes, the image and the result 384.
    assert (
        "alone needs 672 B, 272 B above the capacity; 288 B of it are constants that are streamed whole: "
        "with `chunk` in far, in pieces" in said(400)
    )
    assert "streamed whole" not in said(380)


def test_no_plan_fits_where_one_operator_and_its_pieces_of_constants_need_more_and_that_is_proved():
    """It was "unknown", since the pieces of constants may be at other steps in another order."""
    enough, short = planned(convolution(), target(392, 8, chunk=8)), planned(convolution(), target(391, 8, chunk=8))
    assert (enough.status, enough.order.operator_bound) == ("optimal", None)
    assert (short.status, short.order.operator_bound) == ("infeasible", 392)
    assert answer(short, short.memories[0]) == "no; proved: one operator alone needs 1 B more than there is"
    assert parse_plan(short.to_json()) == short


def test_an_operator_in_another_memory_is_not_ruled_out():
    """Where operators use a second memory directly, what one needs of the first proves nothing."""
    goal = target(300, 8, chunk=8)
    made = planned(convolution(), replace(goal, memories=(goal.memories[0], replace(goal.memories[1], compute=True))))
    assert made.order.operator_bound is None


def test_the_verifier_computes_what_one_operator_needs_on_its_own():
    graph, short = convolution(), planned(convolution(), target(391, 8, chunk=8))
    assert check_plan(short, graph) == []
    assert find_operator_need(short, graph) == OperatorNeed(392, 392)
    assert "one operator needs 392 B of 'near' alone" in [row.message for row in proved_again(short, graph, None)]


def claiming(plan: Plan, operator_bound: int) -> Plan:
    return replace(plan, order=replace(plan.order, operator_bound=operator_bound))


def large_and_small() -> Graph:
    """Two convolutions side by side: both results are alive at once, so the plan needs more than one operator."""
    sketch = Sketch()
    x = sketch.input(64)
    one, two = sketch.op([x], 128), sketch.op([x], 128)
    sketch.outputs = [sketch.op([one, two], 8)]
    return graph_of(sketch)


def test_a_claim_above_what_any_operator_needs_is_refused():
    graph, short = large_and_small(), planned(large_and_small(), target(250, 1))
    assert (short.memories[0].peak, short.order.operator_bound) == (320, 264)
    for claim in (265, 320, 321):
        (found,) = check_plan(claiming(short, claim), graph)
        assert (
            found.message
            == f"the plan claims that one operator alone needs {claim} bytes, but none needs more than 264"
        )


def test_a_claim_for_which_there_is_room_is_refused():
    graph, short = large_and_small(), planned(large_and_small(), target(250, 1))
    for claim in (0, 249, 250):
        found = check_plan(claiming(short, claim), graph)
        assert (
            found[-1].message
            == f"the plan claims that one operator alone needs {claim} bytes, which does not rule it out"
        )
    assert (
        check_plan(claiming(short, 251), graph) == []
    )  # too low for the operator, but it is right that 251 are needed


def test_a_constant_that_is_stored_nowhere_is_a_violation_whatever_one_operator_needs():
    """It was a KeyError: what one operator needs was computed from rows of constants that another check refuses."""
    graph, short = convolution(), planned(convolution(), target(391, 8, chunk=8))
    stored = tuple(row for row in short.constants if row.use == ConstantUse.STORED)
    assert stored
    for row in stored:
        found = check_plan(replace(short, constants=tuple(r for r in short.constants if r != row)), graph)
        assert {violation.kind for violation in found} == {"constants"}


def test_a_claim_in_a_plan_that_fits_is_refused():
    graph = convolution()
    fits = planned(graph, target(392, 8, chunk=8))
    assert check_plan(claiming(fits, 392), graph)


def test_a_claim_that_holds_only_without_sharing_is_on_trust():
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.unary(sketch.op([sketch.input(4)], 64))], 4)]
    graph = graph_of(sketch)
    short = planned(graph, target(60, 1))
    assert short.order.operator_bound == 68
    assert "operator" in [row.what for row in proved_again(short, graph, None)]
    wrong = claiming(short, 100)  # the unary operator needs 128 without writing over its input
    assert "operator" not in [row.what for row in proved_again(wrong, graph, None)]


def with_tail(chunk: int | None) -> tuple[Graph, Target]:
    """One operator of TensorFlow Lite Micro, whose constants are copied into the arena."""
    sketch = Sketch()
    x, weights = sketch.input(100), sketch.tensor(40, TensorKind.CONSTANT)
    sketch.outputs = [sketch.op([x, weights], 100)]
    far = Memory("far", None, 1, ("weights",), compute=False, chunk=chunk)
    memories = (Memory("near", None, 32, EVERYTHING), far)
    return graph_of(sketch), replace(load_target("tflm"), memories=memories, word=4)


@pytest.mark.parametrize("chunk", [None, 8])
def test_no_operator_is_claimed_to_need_too_much_where_only_the_padding_of_a_tail_is_missing(chunk):
    """The verifier refused such a claim, so that the plan ended in an error."""
    graph, goal = with_tail(chunk)
    for budget in range(640, 728, 2):
        made = planned(graph, goal, budget=budget)
        claim = made.order.operator_bound
        assert claim is None or made.memories[0].needed_at_least(claim) > budget


@pytest.mark.parametrize("chunk", [None, 8])
def test_the_curve_proves_no_size_too_small_that_a_plan_leaves_open(chunk):
    graph, goal = with_tail(chunk)
    model = Model(INFO, graph)
    for budget in range(640, 728, 8):
        for point in curve_of(planned(graph, goal, budget=budget), model, goal):
            if point.status == "infeasible":
                assert planned(graph, goal, budget=point.size).status == "infeasible", point.size


def test_what_the_program_around_the_model_takes_is_not_for_buffers():
    goal = target(340, 8, chunk=8)
    near = replace(goal.memories[0], reserve=40)
    made = planned(convolution(), replace(goal, memories=(near, goal.memories[1])))
    (found,) = (line for line in made.warnings if line.startswith("transfers"))
    assert "92 B above what is left for buffers; in tiles of 5 of 8 rows" in found
    assert no_help(made) == "step 0, CONV_2D, alone needs 392 B, 92 B above what is left for buffers"


def test_no_warning_where_transfers_may_not_be_used():
    assert not planned(convolution(), target(300, 8, chunk=8), transfers="never").warnings
