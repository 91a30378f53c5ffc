"""The laws of sharing in one buffer: one plan for each law, with a sharing that the planner has not checked."""

from dataclasses import replace

import pytest
from support.graphs import Sketch, graph_of
from support.planning import ALL, INFO, assembled

from tmpass.api.plan import plan
from tmpass.base.dtypes import INT16
from tmpass.graph.model import Call, Op, TensorKind
from tmpass.loading.load import Model
from tmpass.planning.sharing.aliases import Aliases
from tmpass.plans.plan import Options
from tmpass.targets import Sharing
from tmpass.verification.plan import check_plan


def faults(sketches, together, *, sharing=None, **options):
    """The violations of a plan in which the tensors of `together`, {key: position}, are one class."""
    graph = graph_of(*sketches) if isinstance(sketches, tuple) else graph_of(sketches)
    keys = {key if isinstance(key, tuple) else (0, key): at for key, at in together.items()}
    root = next(iter(keys))
    made = assembled(graph, Aliases(dict.fromkeys(keys, root), keys), Options(**options))
    return [f"{v.kind}: {v.message.partition(', but ')[2]}" for v in check_plan(made, graph, sharing)]


UNTIED = ["alias: nothing ties them"]


def relu(**more):
    """An operator makes a, an element-wise one b from it, and a last one reads b."""
    sketch = Sketch()
    a = sketch.op([], 8)
    b = sketch.unary(a, **more)
    sketch.op([b], 4)
    return sketch, {a: 0, b: 0}


def joined():
    """Two tensors and what they are joined to."""
    sketch = Sketch()
    a, b = sketch.op([], 4), sketch.op([], 8)
    whole = sketch.concat(a, b)
    return sketch, {a: 0, b: 4, whole: 0}


def test_in_place_at_the_last_use():
    assert faults(*relu()) == []


def test_pieces_where_they_are_in_the_whole():
    assert faults(*joined()) == []


def test_a_piece_at_the_wrong_place():
    sketch, together = joined()
    assert faults(sketch, together | {0: 8, 1: 0}) == UNTIED * 2


def test_two_tensors_that_nothing_ties():
    sketch = Sketch()
    a, b = sketch.op([], 8), sketch.op([], 8)
    sketch.op([a, b], 1)
    assert faults(sketch, {a: 0, b: 0}) == UNTIED
    assert faults(sketch, {a: 0, b: 7}) == UNTIED
    assert faults(sketch, {a: 0, b: 8}) == []


def test_two_tensors_that_never_meet_need_no_proof():
    sketch = Sketch()
    a = sketch.op([], 8)
    sketch.op([a], 1)
    assert faults(sketch, {a: 0, sketch.op([], 8): 0}) == []


def test_a_source_that_a_later_operator_reads():
    sketch, together = relu()
    sketch.op([0], 1)
    assert faults(sketch, together) == UNTIED


def test_a_source_that_the_operator_reads_twice():
    sketch = Sketch()
    a = sketch.op([], 8)
    assert faults(sketch, {a: 0, sketch.unary(a, a): 0}) == UNTIED


def test_a_source_and_a_view_of_it_under_one_result():
    sketch = Sketch()
    a = sketch.op([], 8)
    v = sketch.view(a)
    assert faults(sketch, {a: 0, v: 0, sketch.unary(a, v): 0}) == UNTIED * 2


def test_a_result_beside_its_source():
    sketch, _ = relu()
    assert faults(sketch, {0: 0, 1: 4}) == UNTIED


@pytest.mark.parametrize("change", [{"elementwise": False}, {"custom": True}])
def test_an_operator_that_is_not_element_wise(change):
    sketch, together = relu()
    sketch.ops[1] = replace(sketch.ops[1], **change)
    assert faults(sketch, together) == UNTIED


@pytest.mark.parametrize("change", [{"shape": (2, 4)}, {"shape": (4,), "dtype": INT16}, {"shape": (8, 1)}])
def test_a_result_of_another_form(change):
    sketch, together = relu()
    sketch.tensors[1] = replace(sketch.tensors[1], **change)
    assert faults(sketch, together) == UNTIED


def test_a_result_that_is_a_variable():
    sketch, together = relu()
    sketch.tensors[1] = replace(sketch.tensors[1], kind=TensorKind.VARIABLE)
    assert set(faults(sketch, together)) == set(UNTIED)


def test_pieces_along_an_inner_axis():
    sketch = Sketch()
    a, b = sketch.op([], (2, 2)), sketch.op([], (2, 2))
    whole = sketch.concat(a, b, axis=1)
    assert faults(sketch, {a: 0, b: 4, whole: 0}) == UNTIED * 2


def test_a_slice_where_it_begins_and_elsewhere():
    sketch = Sketch()
    whole = sketch.op([], (6, 2))
    part = sketch.slice(whole, 2, 3)
    assert faults(sketch, {whole: 0, part: 4}) == []
    assert faults(sketch, {whole: 0, part: 0}) == UNTIED


def test_pieces_that_do_not_add_up_to_the_whole():
    sketch, together = joined()
    sketch.tensors[2] = replace(sketch.tensors[2], shape=(13,))
    assert faults(sketch, together) == UNTIED * 2


def test_a_tensor_that_is_a_piece_of_two():
    sketch = Sketch()
    a, b, c = (sketch.op([], 4) for _ in range(3))
    first, second = sketch.concat(a, b), sketch.concat(a, c)
    sketch.op([first, second], 1)
    assert faults(sketch, {a: 0, b: 4, first: 0, second: 0}) == UNTIED


def test_cut_and_joined_again_in_the_same_order_are_the_same_bytes():
    sketch = Sketch()
    whole = sketch.op([], 8)
    a = sketch.split(whole, 4, 4)
    again = sketch.concat(a, a + 1)
    sketch.op([whole, again], 1)
    assert faults(sketch, {whole: 0, a: 0, a + 1: 4, again: 0}) == []
    crossed = Sketch()
    whole = crossed.op([], 8)
    a = crossed.split(whole, 4, 4)
    again = crossed.concat(a + 1, a)
    assert faults(crossed, {whole: 0, a: 0, a + 1: 4, again: 0}) == UNTIED * 2


def test_a_copy_over_a_shifted_copy_of_itself():
    """The bytes that both have are equal, since the whole holds a part several times; a kernel may not copy so."""
    for count in (2, 3):
        sketch = Sketch()
        part = sketch.op([], 4)
        whole = sketch.concat(*[part] * count)
        copy = sketch.view(whole)
        sketch.op([copy], 1)
        assert faults(sketch, {part: 0, whole: 0, copy: 0}) == []
        for shift in range(4, 4 * count, 4):
            shifted = faults(sketch, {part: 0, whole: 0, copy: shift})
            assert "alias: an operator would copy the one over itself, shifted" in shifted
        assert faults(sketch, {part: 0, whole: 0, copy: 4 * count}) == []


def test_a_part_over_a_shifted_copy_of_itself():
    sketch = Sketch()
    part = sketch.op([], 4)
    twice = sketch.concat(part, part)
    whole = sketch.concat(sketch.op([], 8), twice)
    first = sketch.ops[2].outputs[0]
    sketch.op([whole], 1)
    assert faults(sketch, {first: 0, twice: 8, whole: 0}) == []
    assert faults(sketch, {first: 0, twice: 12, whole: 0}) == [
        "alias: an operator would copy the one over itself, shifted"
    ]


def test_a_view_of_a_variable():
    sketch = Sketch()
    state = sketch.tensor(8, TensorKind.VARIABLE)
    sketch.op([sketch.view(state)], 1)
    assert faults(sketch, {state: 0, 1: 0}) == UNTIED


def test_a_view_of_what_is_written_again():
    sketch = Sketch()
    x = sketch.input(8)
    v = sketch.view(x)
    sketch.ops.append(Op("OVERWRITE", "again", (), (x,)))
    sketch.op([v], 1)
    assert faults(sketch, {x: 0, v: 0}, share_io=True) == UNTIED


def test_an_input_and_an_output_of_a_loop_s_body():
    main, body = Sketch(), Sketch("body")
    body.outputs = [body.view(body.input(8))]
    main.op([main.input(8)], 8, calls=(Call(1, "body", repeats=True),))
    words = ["alias: one goes into the body of a loop and the other comes out of it"]
    assert faults((main, body), {(1, 0): 0, (1, 1): 0}) == words


def test_a_capture_apart_from_what_it_captures():
    main, body = Sketch(), Sketch("body")
    a = main.op([], 8)
    body.op([body.tensor(8, TensorKind.CAPTURE, captures=a)], 1)
    main.op([a], 1, calls=(Call(1, "body"),))
    assert faults((main, body), {a: 0}) == ["alias: they are in different places"]
    assert faults((main, body), {a: 0, (1, 0): 0}) == []


def test_inputs_and_outputs_of_the_model():
    sketch = Sketch()
    x = sketch.input(8)
    sketch.outputs = [sketch.unary(x)]
    together = {x: 0, sketch.outputs[0]: 0}
    assert faults(sketch, together) == ["alias: one is an input or output of the model"]
    assert faults(sketch, together, share_io=True) == []
    assert faults(sketch, together, share_io=True, keep_inputs=True) == UNTIED


def test_an_output_of_the_model_that_is_read_in_the_last_step():
    sketch = Sketch()
    a = sketch.op([], 8)
    sketch.outputs = [a]
    assert faults(sketch, {a: 0, sketch.unary(a): 0}, share_io=True) == UNTIED


# What the options and the target say.


@pytest.mark.parametrize(
    ("options", "views", "pieces", "in_place"),
    [
        ({}, True, True, True),
        ({"inplace": False}, True, True, False),
        ({"share": "views"}, True, False, False),
        ({"share": "none"}, False, False, False),
        ({"sharing": Sharing()}, True, False, False),
        ({"sharing": Sharing((), ("RELU",), ("SPLIT",))}, False, False, True),
        ({"sharing": Sharing(("RESHAPE",), ("ADD",), ("CONCAT",))}, True, True, False),
    ],
)
def test_what_was_not_allowed(options, views, pieces, in_place):
    sketch = Sketch()
    a = sketch.op([], 8)
    assert (not faults(sketch, {a: 0, sketch.view(a): 0}, **options)) is views
    assert (not faults(*joined(), **options)) is pieces
    assert (not faults(*relu(), **options)) is in_place


# What the rows say of it.


def planned_pieces():
    sketch, together = joined()
    graph = graph_of(sketch)
    keys = {(0, t): at for t, at in together.items()}
    return graph, assembled(graph, Aliases(dict.fromkeys(keys, (0, 2)), keys), Options())


def kinds(plan, graph):
    return {v.kind for v in check_plan(plan, graph)}


def edit(rows, index, **changes):
    return (*rows[:index], replace(rows[index], **changes), *rows[index + 1 :])


def test_gaps_that_are_not_what_is_needed():
    graph, made = planned_pieces()
    (gap,) = made.buffers[0].gaps
    assert (gap.lower, gap.upper, gap.window_lower, gap.window_upper) == (0, 1, 0, 4)
    for gaps in ((), (replace(gap, window_upper=2),), (replace(gap, upper=2),), (gap, replace(gap, lower=2, upper=3))):
        assert "live range" in kinds(replace(made, buffers=edit(made.buffers, 0, gaps=gaps)), graph)


def test_a_tensor_outside_of_its_buffer():
    graph, made = planned_pieces()
    assert kinds(replace(made, tensors=edit(made.tensors, 1, offset=6)), graph) == {"size"}
    assert kinds(replace(made, tensors=edit(made.tensors, 1, offset=None)), graph) == {"offset"}


def test_a_piece_off_alignment():
    graph, made = planned_pieces()
    memory = replace(made.memories[0], alignment=8)
    assert "alignment" in kinds(replace(made, memories=(memory,)), graph)


def test_another_buffer_where_a_piece_is_alive():
    sketch = Sketch()
    x = sketch.op([], 4)
    a = sketch.op([x], 4)
    b = sketch.op([], 8)
    whole = sketch.concat(a, b)
    graph = graph_of(sketch)
    keys = {(0, a): 0, (0, b): 4, (0, whole): 0}
    made = assembled(graph, Aliases(dict.fromkeys(keys, (0, whole)), keys), Options())
    home = made.buffers[made.tensors[a].buffer]

    def moved(offset):
        rows = edit(made.tensors, x, offset=offset)
        return kinds(
            replace(made, tensors=rows, buffers=edit(made.buffers, made.tensors[x].buffer, offset=offset)), graph
        )

    assert "overlap" in moved(home.offset)
    assert "overlap" not in moved(home.offset + 4), "b is not alive yet"


def test_what_a_custom_operator_may_write_is_not_a_view_of_what_the_caller_brings():
    def model(*, custom):
        sketch = Sketch()
        x = sketch.input(8)
        sketch.outputs = [sketch.op([sketch.view(x)], 8, custom=custom), sketch.op([x], 4)]
        return graph_of(sketch)

    made = plan(Model(INFO, model(custom=False)), ALL, io="external", share_io=True)
    assert made.tensors[1].buffer is None
    assert check_plan(made, model(custom=False)) == []
    assert "t1" in " ".join(violation.message for violation in check_plan(made, model(custom=True)))
