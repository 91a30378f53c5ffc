"""The operator that needs more than the scratchpad has, with the tiles that would do."""

from dataclasses import replace

import pytest
from support.graphs import Sketch, graph_of
from support.travelling import network, planned, target

from tmpass.graph.model import Graph, TensorKind
from tmpass.planning.residency.transfers.too_small import Tiles, find_tiles
from tmpass.plans.plan_json import parse_plan
from tmpass.report.answer import answer
from tmpass.report.transfers import no_help
from tmpass.verification.plan import check_plan
from tmpass.verification.trust import taken_on_trust


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


def test_the_check_refuses_a_claim_of_what_an_operator_needs_that_the_plan_itself_is_below():
    graph, short = convolution(), planned(convolution(), target(391, 8, chunk=8))
    assert check_plan(short, graph) == []
    (said,) = (row.message for row in taken_on_trust(short, None) if "one operator" in row.message)
    assert said == "one operator needs 392 B of 'near' alone"
    above = short.memories[0].peak + short.memories[0].loaded + 1
    (found,) = check_plan(replace(short, order=replace(short.order, operator_bound=above)), graph)
    assert str(above) in found.message
    (found,) = check_plan(replace(short, order=replace(short.order, operator_bound=391)), graph)  # which fits
    assert found.kind == "status"
    fits = planned(graph, target(392, 8, chunk=8))
    assert check_plan(replace(fits, order=replace(fits.order, operator_bound=392)), graph)


def test_what_the_program_around_the_model_takes_is_not_for_buffers():
    goal = target(340, 8, chunk=8)
    near = replace(goal.memories[0], reserve=40)
    made = planned(convolution(), replace(goal, memories=(near, goal.memories[1])))
    (found,) = (line for line in made.warnings if line.startswith("transfers"))
    assert "92 B above what is left for buffers; in tiles of 5 of 8 rows" in found
    assert no_help(made) == "step 0, CONV_2D, alone needs 392 B, 92 B above what is left for buffers"


def test_no_warning_where_transfers_may_not_be_used():
    assert not planned(convolution(), target(300, 8, chunk=8), transfers="never").warnings
