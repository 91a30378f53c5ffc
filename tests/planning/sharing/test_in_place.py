"""In-place pairs: those that are possible, and those that an order allows."""

from dataclasses import replace

import pytest
from support.graphs import Sketch, graph_of

from tmpass.base.dtypes import INT16, UINT16
from tmpass.graph.model import Call, TensorKind
from tmpass.planning.liveness import live_ranges
from tmpass.planning.ordering.file_order import file_order
from tmpass.planning.sharing.aliases import find_aliases
from tmpass.planning.sharing.in_place import in_place_pairs, join_in_place, unused_kernels
from tmpass.planning.timeline.lay_out import schedule
from tmpass.targets import EVERY, Over, Sharing

ALL = Sharing((EVERY,), (EVERY,), (EVERY,))


def pairs(graph, sharing=ALL, **more):
    found = in_place_pairs(graph, find_aliases(graph, sharing), sharing, **more)
    return [(pair.source[1], pair.result[1]) for pair in found]


def joined(graph, sharing=ALL, *, keep_inputs=False, share_io=False):
    """The classes of more than one tensor, as {tensor: position}, largest first."""
    timeline = schedule(graph, file_order)
    ranges = live_ranges(graph, timeline, keep_inputs=keep_inputs)
    aliases = find_aliases(graph, sharing, share_io=share_io)
    may = in_place_pairs(graph, aliases, sharing, keep_inputs=keep_inputs, share_io=share_io)
    found = join_in_place(graph, timeline, aliases, may, ranges)
    classes = {}
    for key in sorted(found.root):
        classes.setdefault(found.of(key), {})[key[1] if key[0] == 0 else key] = found.position.get(key, 0)
    return sorted((c for c in classes.values() if len(c) > 1), key=len, reverse=True)


def middle(**more):
    """Input -> op -> a -> unary -> b -> op -> output; the graph, a and b."""
    sketch = Sketch()
    a = sketch.op([sketch.input(8)], 8)
    b = sketch.unary(a, **more)
    sketch.outputs = [sketch.op([b], 8)]
    return sketch, a, b


def test_an_element_wise_operator_writes_over_what_ends_there():
    sketch, a, b = middle(kind="ADD")
    graph = graph_of(sketch)
    assert pairs(graph) == [(a, b)]
    assert joined(graph) == [{a: 0, b: 0}]


def test_the_reason_names_operator_and_source():
    sketch, a, b = middle(kind="ADD")
    graph = graph_of(sketch)
    timeline = schedule(graph, file_order)
    aliases = find_aliases(graph, ALL)
    may = in_place_pairs(graph, aliases, ALL)
    found = join_in_place(graph, timeline, aliases, may, live_ranges(graph, timeline, keep_inputs=False))
    assert found.reason == {(0, b): f"ADD writes it over 't{a}'"}


def test_only_what_the_target_lists():
    graph = graph_of(middle(kind="ADD")[0])
    assert pairs(graph, Sharing((), ("MUL",))) == pairs(graph, Sharing()) == []
    assert len(pairs(graph, Sharing((), ("ADD",)))) == 1


@pytest.mark.parametrize("change", [{"elementwise": False}, {"custom": True}, {"outputs": (-1,)}])
def test_only_operators_that_are_element_wise_for_certain(change):
    sketch, _, _ = middle()
    sketch.ops[1] = replace(sketch.ops[1], **change)
    assert pairs(replace(graph_of(sketch))) == []


@pytest.mark.parametrize(
    ("change", "may"),
    [
        ({"shape": (1, 8)}, True),
        ({"shape": (8, 1)}, False),
        ({"shape": (2, 4)}, False),
        ({"shape": (4,), "dtype": INT16}, False),
        ({"shape": ("n",)}, False),
        ({"shape": None}, False),
    ],
)
def test_source_and_result_have_the_same_elements_in_the_same_places(change, may):
    sketch, _, b = middle()
    sketch.tensors[b] = replace(sketch.tensors[b], **change)
    assert bool(pairs(graph_of(sketch))) is may


def test_another_type_of_the_same_width_will_do():
    sketch, a, b = middle()
    sketch.tensors[a] = replace(sketch.tensors[a], dtype=INT16)
    sketch.tensors[b] = replace(sketch.tensors[b], dtype=UINT16)
    assert pairs(graph_of(sketch)) == [(a, b)]


# What must not be shared.


def test_a_tensor_with_two_readers_is_overwritten_by_the_last_one_only():
    sketch = Sketch()
    a = sketch.op([], 8)
    b, c = sketch.unary(a), sketch.unary(a)
    sketch.outputs = [sketch.op([b, c], 8)]
    assert joined(graph_of(sketch)) == [{a: 0, c: 0}]


def test_a_reader_that_is_no_unary_comes_later():
    sketch = Sketch()
    a = sketch.op([], 8)
    b = sketch.unary(a)
    sketch.outputs = [sketch.op([a, b], 8)]
    assert joined(graph_of(sketch)) == []


@pytest.mark.parametrize("share_io", [False, True])
def test_an_output_that_is_also_an_intermediate_is_kept(share_io):
    sketch = Sketch()
    a = sketch.op([], 8)
    b = sketch.unary(a)
    sketch.outputs = [a, sketch.op([b], 8)]
    assert joined(graph_of(sketch), share_io=share_io) == []


@pytest.mark.parametrize("share_io", [False, True])
def test_an_output_read_in_the_last_step_is_kept(share_io):
    sketch = Sketch()
    a = sketch.op([], 8)
    sketch.outputs = [a]
    sketch.unary(a)
    assert joined(graph_of(sketch), share_io=share_io) == []


def test_an_input_read_twice_by_one_operator_is_not_overwritten():
    sketch = Sketch()
    a = sketch.op([], 8)
    sketch.unary(a, a)
    b = sketch.op([], 8)
    sketch.unary(b, sketch.view(b))
    classes = joined(graph_of(sketch))
    assert classes == [{b: 0, b + 1: 0}]


def test_another_input_may_be_the_one():
    sketch = Sketch()
    a, b = sketch.op([], 8), sketch.op([], 8)
    c = sketch.unary(a, b)
    sketch.outputs = [sketch.op([a, c], 8)]
    assert joined(graph_of(sketch)) == [{b: 0, c: 0}]


def test_the_first_of_two_that_may_is_taken():
    sketch = Sketch()
    a, b = sketch.op([], 8), sketch.op([], 8)
    c = sketch.unary(a, b)
    assert joined(graph_of(sketch)) == [{a: 0, c: 0}]


def test_inputs_and_outputs_of_the_model_only_when_asked_and_not_kept():
    sketch = Sketch()
    x = sketch.input(8)
    y = sketch.unary(x)
    sketch.outputs = [y]
    graph = graph_of(sketch)
    assert joined(graph) == []
    assert joined(graph, share_io=True) == [{x: 0, y: 0}]
    assert joined(graph, share_io=True, keep_inputs=True) == []


def test_loop_state_is_kept():
    main, body = Sketch(), Sketch("body")
    state = body.input(8)
    body.outputs = [body.unary(state)]
    main.outputs = [main.op([main.input(8)], 8, calls=(Call(1, "body", repeats=True),))]
    assert joined(graph_of(main, body)) == joined(graph_of(main, body), share_io=True) == []


def test_what_a_loop_reads_again_in_its_next_round_is_kept():
    main, body = Sketch(), Sketch("body")
    a = main.op([], 8)
    inner = body.tensor(8, TensorKind.CAPTURE, captures=a)
    body.outputs = [body.op([body.unary(body.view(inner))], 8)]
    main.outputs = [main.op([a], 8, calls=(Call(1, "body", repeats=True),))]
    assert joined(graph_of(main, body)) == [{a: 0, (1, inner): 0, (1, inner + 1): 0}]


def test_a_conditional_whose_outputs_outlive_it_does_not_write_over_what_it_captures():
    main, then = Sketch(), Sketch("then")
    a = main.op([], 8)
    inner = then.tensor(8, TensorKind.CAPTURE, captures=a)
    then.outputs = [then.unary(then.view(inner))]
    b = main.op([a], 8, calls=(Call(1, "then"),))
    main.outputs = [main.op([a, b], 8)]
    assert joined(graph_of(main, then)) == [{a: 0, (1, inner): 0, (1, inner + 1): 0}]


def test_a_body_that_runs_twice_keeps_what_it_has_in_both_runs():
    main, body = Sketch(), Sketch("body")
    main.op([], 8, calls=(Call(1, "call"),))
    main.op([], 8, calls=(Call(1, "call"),))
    body.op([body.unary(body.op([], 8))], 8)
    assert joined(graph_of(main, body)) == []


# Together with views and pieces.


def test_a_view_that_is_read_later_forbids_it():
    sketch = Sketch()
    a = sketch.op([], 8)
    v = sketch.view(a)
    b = sketch.unary(a)
    sketch.outputs = [sketch.op([v, b], 8)]
    assert joined(graph_of(sketch)) == [{a: 0, v: 0}]


def test_through_views_and_into_a_piece():
    sketch = Sketch()
    a, b = sketch.op([], 8), sketch.op([], 8)
    r = sketch.unary(sketch.view(a))
    whole = sketch.concat(b, r)
    assert joined(graph_of(sketch)) == [{a: 8, a + 2: 8, r: 8, b: 0, whole: 0}]


def test_cut_changed_and_joined_again_it_all_stays_where_it_is():
    sketch = Sketch()
    whole = sketch.op([], 16)
    a = sketch.split(whole, 8, 8)
    r, s = sketch.unary(a), sketch.unary(a + 1)
    again = sketch.concat(r, s)
    assert joined(graph_of(sketch)) == [{whole: 0, a: 0, a + 1: 8, r: 0, s: 8, again: 0}]


def test_cut_and_joined_the_other_way_round_it_does_not():
    sketch = Sketch()
    whole = sketch.op([], 16)
    a = sketch.split(whole, 8, 8)
    r, s = sketch.unary(a), sketch.unary(a + 1)
    again = sketch.concat(s, r)
    classes = joined(graph_of(sketch))
    assert {r: 8, s: 0, again: 0}.items() <= next(c for c in classes if again in c).items()
    assert not any(whole in c and again in c for c in classes)


def test_a_piece_is_not_overwritten_while_the_whole_is_read_later():
    sketch = Sketch()
    whole = sketch.op([], 16)
    a = sketch.split(whole, 8, 8)
    r = sketch.unary(a)
    sketch.outputs = [sketch.op([whole, r], 8)]
    assert all(r not in c for c in joined(graph_of(sketch)))


def test_a_long_chain_is_one_class_and_takes_no_quadratic_time():
    sketch = Sketch()
    last = sketch.op([], 1)
    for _ in range(30_000):
        last = sketch.unary(last)
    assert len(joined(graph_of(sketch))[0]) == 30_001


# Kernels that promise it.


def kernel(size, *reads, kind="DEPTHWISE_CONV_2D", **more):
    """Inputs -> ops -> tensors of these sizes -> an operator -> b -> op -> output; the graph, those tensors and b."""
    sketch = Sketch()
    inputs = [sketch.op([sketch.input(8)], n) for n in reads]
    b = sketch.op(inputs, size, kind=kind, **more)
    sketch.outputs = [sketch.op([b], 8)]
    return graph_of(sketch), inputs, b


def promising(*kinds):
    return Sharing((EVERY,), kinds, ())


@pytest.mark.parametrize("listed", ["DEPTHWISE_CONV_2D", Over("DEPTHWISE_CONV_2D"), Over("DEPTHWISE_CONV_2D", 0, 0)])
def test_a_kind_that_a_profile_names_writes_over_its_first_input(listed):
    graph, (a, _), b = kernel(8, 8, 8)
    assert pairs(graph, promising(listed)) == [(a, b)]
    assert joined(graph, promising(listed)) == [{a: 0, b: 0}]


def test_the_input_is_the_one_that_is_named():
    graph, (_, a), b = kernel(8, 8, 8)
    assert pairs(graph, promising(Over("DEPTHWISE_CONV_2D", 1))) == [(a, b)]
    assert pairs(graph, promising(Over("DEPTHWISE_CONV_2D", 2))) == []
    assert pairs(graph, promising(Over("DEPTHWISE_CONV_2D", 0, 1))) == []


@pytest.mark.parametrize(("size", "shares"), [(1, True), (7, True), (8, True), (9, False)])
def test_a_result_that_is_smaller_begins_where_the_input_does(size, shares):
    graph, (a,), b = kernel(size, 8)
    assert joined(graph, promising("DEPTHWISE_CONV_2D")) == ([{a: 0, b: 0}] if shares else [])


def test_every_means_element_wise_operators_alone():
    graph, *_ = kernel(8, 8)
    assert pairs(graph) == []


def test_an_element_wise_kind_with_an_input_writes_over_that_one_only():
    sketch = Sketch()
    one, two = (sketch.op([sketch.input(8)], 8) for _ in range(2))
    b = sketch.unary(one, two, kind="ADD")
    sketch.outputs = [sketch.op([b], 8)]
    assert pairs(graph_of(sketch), promising("ADD")) == [(one, b), (two, b)]
    assert pairs(graph_of(sketch), promising(Over("ADD", 1))) == [(two, b)]


def test_a_custom_operator_is_named_as_one():
    graph, (a,), b = kernel(8, 8, kind="MyKernel", custom=True)
    assert pairs(graph, promising("custom:MyKernel")) == pairs(graph, promising(Over("custom:MyKernel"))) == [(a, b)]
    assert pairs(graph, promising("MyKernel")) == []
    graph, (a,), b = kernel(8, 8, kind="com.microsoft::Gelu", custom=True)
    assert pairs(graph, promising("com.microsoft::Gelu")) == [(a, b)]


def test_what_is_still_needed_is_not_written_over():
    sketch = Sketch()
    a = sketch.op([sketch.input(8)], 8)
    b = sketch.op([a], 8, kind="SOFTMAX")
    sketch.outputs = [sketch.op([a, b], 8)]
    assert joined(graph_of(sketch), promising("SOFTMAX")) == []


def test_an_input_that_is_read_twice_is_not_written_over():
    sketch = Sketch()
    a = sketch.op([sketch.input(8)], 8)
    b = sketch.op([a, a], 8, kind="SOFTMAX")
    sketch.outputs = [sketch.op([b], 8)]
    assert pairs(graph_of(sketch), promising("SOFTMAX")) == []


@pytest.mark.parametrize(
    ("listed", "graph", "why"),
    [
        ("RESIZE", kernel(9, 8, kind="RESIZE"), "the output of 'op1' has 9 B, its input 0 8 B"),
        (Over("POOL", 2), kernel(8, 8, 8, kind="POOL"), "'op2' has no input 2"),
        (Over("POOL", 0, 1), kernel(8, 8, 8, kind="POOL"), "'op2' has no output 1"),
        ("IF", kernel(8, 8, kind="IF", calls=(Call(0, "then"),)), "it runs other operators"),
    ],
)
def test_a_promise_that_no_operator_can_use_is_told(listed, graph, why):
    (line,) = unused_kernels(graph[0], promising(listed))
    assert line.startswith("in place: ")
    assert line.endswith(f"is listed in [sharing] and not used: {why}")


def test_a_promise_that_one_operator_can_use_or_that_no_operator_is_for_is_not_told():
    sketch = Sketch()
    a = sketch.op([sketch.input(8)], 8)
    sketch.outputs = [sketch.op([sketch.op([a], 9, kind="POOL")], 8, kind="POOL")]
    assert list(unused_kernels(graph_of(sketch), promising("POOL", "SOFTMAX"))) == []
