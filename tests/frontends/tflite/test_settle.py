"""Settling of shapes: which of file, operators and bindings counts."""

from collections.abc import Sequence

import numpy as np
import pytest
from flatbuffers import flexbuffers
from support.tflite_graphs import drawn_model
from tflite_writer import Operator, Subgraph, Tensor, options, write_model
from tmpass.frontends import tflite

from tmpass.base.errors import ModelError, UnknownSizeError, UsageError
from tmpass.graph.binding import bind
from tmpass.graph.model import Dim, Graph, Move


def numbers(*values: int) -> Tensor:
    return Tensor("n", [len(values)], "INT32", data=np.array(values, "<i4").tobytes())


def load(tensors: Sequence[Tensor], operators: Sequence[Operator], inputs: Sequence[int], **bindings: int) -> Graph:
    return tflite.load(
        write_model([Subgraph(tensors, operators, inputs, [len(tensors) - 1])]),
        {key.replace("_", ":"): n for key, n in bindings.items()},
    )


def shapes(graph: Graph) -> dict[str, tuple[Dim, ...] | None]:
    return {t.name: t.shape for t in graph.subgraphs[0].tensors}


def opened(name: str, *shape: int, dtype: str = "FLOAT32") -> Tensor:
    return Tensor(name, [1, *shape], dtype, shape_signature=[-1, *shape])


NEG = Operator("NEG", [0], [1])


def test_a_result_follows_the_batch_whether_or_not_the_file_marks_it() -> None:
    for result in (opened("y", 4), Tensor("y", [1, 4]), Tensor("y", []), Tensor("y", [7, 7, 7])):
        assert shapes(load([opened("x", 4), result], [NEG], [0]))["y"] == ("x:0", 4)
        assert shapes(load([opened("x", 4), opened("y", 4)], [NEG], [0], x_0=3))["y"] == (3, 4)


def test_only_the_inputs_are_symbols_of_their_own() -> None:
    graph = load(
        [opened("x", 9, 9, 2), opened("w", 1, 1, 2), opened("y", 9, 9, 1)], [Operator("ADD", [0, 1], [2])], [0, 1]
    )
    assert graph.symbols == ("x:0", "w:0")


@pytest.mark.parametrize("bindings", [{"y_0": 1}, {"x_0": 3, "y_0": 1}, {"x_0": 3, "y_0": 4}])
def test_a_binding_that_contradicts_what_follows_is_refused(bindings: dict[str, int]) -> None:
    tensors = [opened("x", 4), opened("y", 4)]
    if "x_0" not in bindings:
        assert shapes(load(tensors, [NEG], [0], **bindings)) == {"x": ("x:0", 4), "y": (1, 4)}
        return
    with pytest.raises(ModelError, match=f"dimension 'y:0' is 3 as NEG makes it, not {bindings['y_0']}; leave the"):
        load(tensors, [NEG], [0], **bindings)


def test_what_is_bound_must_suit_every_operator() -> None:
    tensors = [opened("x", 4), numbers(1, 4), Tensor("y", [1, 4])]
    assert shapes(load(tensors, [Operator("RESHAPE", [0, 1], [2])], [0], x_0=1))["y"] == (1, 4)
    with pytest.raises(
        ModelError, match=r"RESHAPE 'y' cannot run with these bindings: \[3, 4\] has 12 elements, \[1, 4\]"
    ):
        load(tensors, [Operator("RESHAPE", [0, 1], [2])], [0], x_0=3)
    pair = [opened("x", 4), opened("w", 4), opened("y", 4)]
    with pytest.raises(ModelError, match=r"ADD 'y' cannot run with these bindings: \[2, 4\] and \[3, 4\] cannot be"):
        load(pair, [Operator("ADD", [0, 1], [2])], [0, 1], x_0=2, w_0=3)


@pytest.mark.parametrize(("stated", "planned"), [([2, 4], (4, 4)), ([8, 4], (8, 4))])
def test_where_the_file_and_an_operator_differ_the_larger_is_planned(
    stated: list[int], planned: tuple[int, ...]
) -> None:
    """A runtime that computes shapes takes one, a runtime that does not takes the other."""
    tensors = [Tensor("x", [4, 4]), Tensor("y", stated), Tensor("z", [4, 4])]
    graph = load(tensors, [NEG, Operator("ABS", [1], [2])], [0])
    assert shapes(graph) == {"x": (4, 4), "y": planned, "z": (4, 4)}
    (warning,) = graph.warnings
    assert f"'y' is [{stated[0]}, 4] in the file, [4, 4] by NEG" in warning
    assert not any(op.elementwise for op in graph.subgraphs[0].ops)  # their bytes are not those of each other


def test_what_differs_is_no_piece_of_another() -> None:
    join = Operator("CONCATENATION", [0, 1], [2], options("ConcatenationOptions", axis=0))
    same = load([Tensor("x", [1, 4]), Tensor("w", [1, 4]), Tensor("y", [2, 4])], [join], [0, 1])
    other = load([Tensor("x", [1, 4]), Tensor("w", [1, 4]), Tensor("y", [3, 4])], [join], [0, 1])
    assert [g.subgraphs[0].ops[0].moves is not None for g in (same, other)] == [True, False]


def test_elements_in_another_form_are_no_difference() -> None:
    table = options("FullyConnectedOptions")
    tensors = [Tensor("x", [1, 2, 8]), Tensor("w", [5, 8], data=bytes(160)), Tensor("y", [1, 2, 5])]
    graph = load(tensors, [Operator("FULLY_CONNECTED", [0, 1], [2], table)], [0])
    assert (shapes(graph)["y"], graph.warnings) == ((2, 5), ())


def test_what_an_operator_moves_is_told_by_what_is_bound() -> None:
    cut = Operator("SLICE", [0, 1, 2], [3])
    tensors = [opened("x", 6), numbers(0, 2), numbers(-1, 3), opened("y", 3)]
    assert load(tensors, [cut], [0]).subgraphs[0].ops[0].moves is None
    moves = load(tensors, [cut], [0], x_0=3).subgraphs[0].ops[0].moves
    assert moves is not None
    assert (moves.kind, moves.axis, moves.start) == (Move.SLICE, 1, 2)


@pytest.mark.parametrize("signature", [[-1, 1], None])
def test_how_many_are_found_is_unknown_whatever_the_file_states(signature: list[int] | None) -> None:
    tensors = [Tensor("x", [64], "BOOL"), Tensor("found", [1, 1], "INT64", shape_signature=signature)]
    graph = load(tensors, [Operator("WHERE", [0], [1])], [0])
    assert shapes(graph)["found"] == ("found:0", 1)
    assert (graph.symbols, graph.other_symbols) == ((), ("found:0",))
    assert shapes(load(tensors, [Operator("WHERE", [0], [1])], [0], found_0=9))["found"] == (9, 1)


def test_a_file_with_a_number_for_what_only_a_run_can_tell_is_not_trusted_behind_it() -> None:
    tensors = [Tensor("x", [4], "BOOL"), Tensor("found", [1, 1], "INT64"), Tensor("y", [1, 5])]
    operators = [Operator("WHERE", [0], [1]), Operator("Mine", [1], [2], custom=True)]
    assert shapes(load(tensors, operators, [0]))["y"] == ("y:0", "y:1")
    assert shapes(load(tensors, operators, [0], found_0=9))["y"] == ("y:0", "y:1")
    # This file has a signature, which says what is open.
    tensors[1] = Tensor("found", [1, 1], "INT64", shape_signature=[-1, 1])
    assert shapes(load(tensors, operators, [0]))["y"] == (1, 5)


def test_what_follows_from_a_bound_result_is_computed_and_held_to_it() -> None:
    tensors = [
        Tensor("x", [64], "BOOL"),
        Tensor("found", [1, 1], "INT64", shape_signature=[-1, 1]),
        numbers(-1),
        Tensor("flat", [1], "INT64", shape_signature=[-1]),
    ]
    operators = [Operator("WHERE", [0], [1]), Operator("RESHAPE", [1, 2], [3])]
    assert shapes(load(tensors, operators, [0], found_0=9))["flat"] == (9,)
    with pytest.raises(ModelError, match="dimension 'flat:0' is 9 as RESHAPE makes it, not 8"):
        load(tensors, operators, [0], found_0=9, flat_0=8)


def test_what_the_file_is_sure_of_counts_behind_a_size_that_was_bound_inside() -> None:
    """Rows before and behind one of ten: never all of them, so what is bound for both comes to more than ten."""
    state, begin, length = Tensor("s", [10, 4]), numbers(0, 0), Tensor("at", [2], "INT32")
    parts = [Tensor(name, [1, 4], shape_signature=[-1, 4]) for name in ("before", "behind")]
    cuts = [Operator("SLICE", [0, 1, 2], [3]), Operator("SLICE", [0, 1, 2], [4])]
    join = Operator("CONCATENATION", [3, 4], [5], options("ConcatenationOptions", axis=0))
    graph = load([state, begin, length, *parts, Tensor("y", [10, 4])], [*cuts, join], [0, 2], before_0=9, behind_0=9)
    assert (shapes(graph)["y"], graph.warnings) == ((10, 4), ())


CUSTOM = Operator("my op", [0], [1], custom=True)


def test_an_operator_without_a_rule_keeps_the_shape_of_the_file_where_the_inputs_have_theirs() -> None:
    assert shapes(load([Tensor("x", [1, 4]), Tensor("y", [1, 9])], [CUSTOM], [0]))["y"] == (1, 9)
    assert shapes(load([opened("x", 4), Tensor("y", [1, 9])], [CUSTOM], [0], x_0=1))["y"] == (1, 9)
    assert shapes(load([opened("x", 4), Tensor("y", [1, 9])], [CUSTOM], [0], x_0=3))["y"] == ("y:0", "y:1")
    assert shapes(load([opened("x", 4), opened("y", 9)], [CUSTOM], [0], x_0=1))["y"] == ("y:0", 9)
    assert shapes(load([opened("x", 4), opened("y", 9)], [CUSTOM], [0], x_0=3, y_0=3, y_1=9))["y"] == (3, 9)


def test_an_operator_without_a_rule_behind_a_wrong_statement_is_unknown() -> None:
    chain = [NEG, Operator("my op", [1], [2], custom=True)]
    assert shapes(load([Tensor("x", [4]), Tensor("y", [2]), Tensor("z", [5])], chain, [0]))["z"] == ("z:0",)


def test_a_shape_that_nobody_states_is_asked_for() -> None:
    graph = load([Tensor("x", [4]), Tensor("y", [])], [CUSTOM], [0])
    assert shapes(graph)["y"] is None
    assert graph.causes == {(0, 1): "bind 'y:0', 'y:1', ... to state its shape"}
    assert shapes(load([Tensor("x", [4]), Tensor("y", [])], [CUSTOM], [0], y_0=2, y_1=3))["y"] == (2, 3)


def test_the_question_for_a_shape_says_how_to_bind_it() -> None:
    graph = load([Tensor("x", [4]), Tensor("y", [])], [CUSTOM], [0])
    with pytest.raises(UnknownSizeError, match="give --bind y:0=N and so on for all its axes, or"):
        bind(graph, {})
    with pytest.raises(UsageError, match="the rank of tensor 'y' is not known; bind all its axes, from 'y:0' on"):
        bind(graph, {"y:1": 4})


def post_process(**given: object) -> bytes:
    builder = flexbuffers.Builder()
    with builder.Map():
        for key, value in given.items():
            builder.Key(key)
            builder.Add(value)
    return bytes(builder.Finish())


@pytest.mark.parametrize("most", [1, 10, 300, 100_000])
@pytest.mark.parametrize("classes", [1, 3])
def test_the_options_of_a_post_processing_operator_say_what_it_detects(most: int, classes: int) -> None:
    more = {"nms_iou_threshold": 0.6, "use_regular_nms": True, "y_scale": 10.0, "num_classes": 90, "name": "ssd"}
    given = post_process(max_detections=most, max_classes_per_detection=classes, **more)
    made = [Tensor(name, []) for name in ("boxes", "classes", "scores", "count")]
    op = Operator("TFLite_Detection_PostProcess", [0], [1, 2, 3, 4], custom=True, custom_options=given)
    found = shapes(load([Tensor("x", [1, 9, 4]), *made], [op], [0]))
    count = most * classes
    assert list(found.values())[1:] == [(1, count, 4), (1, count), (1, count), (1,)]


def test_options_that_say_nothing_or_are_damaged_leave_it_unknown() -> None:
    good = post_process(max_detections=10, max_classes_per_detection=1)
    damaged = [
        b"",
        b"\0",
        post_process(max_detections=10),
        post_process(max_detections=-5, max_classes_per_detection=1),
    ]
    damaged += [good[:n] for n in range(len(good))]
    for given in damaged:
        op = Operator("TFLite_Detection_PostProcess", [0], [1], custom=True, custom_options=given)
        assert shapes(load([Tensor("x", [1, 9, 4]), Tensor("boxes", [])], [op], [0]))["boxes"] is None


@pytest.mark.parametrize("at", range(60))
def test_options_with_any_byte_changed_end_in_a_shape_or_in_none(at: int) -> None:
    good = post_process(max_detections=10, max_classes_per_detection=1, num_classes=90)
    for value in (0, 1, 3, 36, 127, 128, 255):
        given = good[:at] + bytes([value]) + good[at + 1 :]
        op = Operator("TFLite_Detection_PostProcess", [0], [1], custom=True, custom_options=given)
        assert load([Tensor("x", [1, 9, 4]), Tensor("boxes", [])], [op], [0]).subgraphs


def test_dimensions_beyond_all_reason_are_no_shape() -> None:
    """Sizes cannot grow without end: each tile would double the number of digits."""
    tensors, operators = [Tensor("x", [2**31 - 1]), numbers(2**31 - 1)], []
    for n in range(20):
        tensors.append(Tensor(f"t{n}", [4]))
        operators.append(Operator("TILE", [0 if n == 0 else n + 1, 1], [n + 2]))
    assert set(list(shapes(load(tensors, operators, [0])).values())[2:]) == {(4,)}


@pytest.mark.parametrize("seed", range(60))
def test_a_drawn_model_is_known_by_its_batch(seed: int) -> None:
    model = drawn_model(seed)
    graph = tflite.load(model, {})
    assert (graph.symbols, {d for t in graph.subgraphs[0].tensors for d in t.unknown}) == (("t0:0",), {"t0:0"})
    bound = tflite.load(model, {"t0:0": 5}).subgraphs[0]
    one = tflite.load(model, {"t0:0": 1}).subgraphs[0]
    for five, single in zip(bound.tensors, one.tensors, strict=True):
        assert five.bytes is not None
        assert single.bytes is not None
        assert five.bytes in (single.bytes, 5 * single.bytes)
