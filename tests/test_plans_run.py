"""Plans hold when they are run: values in the arena survive as they do with storage of their own."""

from hypothesis import given, settings
from hypothesis import strategies as st
from support.graphs import Sketch, graph_of, graphs
from support.machine import Arena, Private, run

from tmpass.graph import Call, TensorKind
from tmpass.loading import Model
from tmpass.pipeline import plan
from tmpass.plan import ModelInfo


def planned(graph, **options):
    return plan(Model(ModelInfo("test", "test", "0" * 64), graph), **options)


@settings(max_examples=300, deadline=None)
@given(
    graphs(),
    st.booleans(),
    st.sampled_from(["arena", "external"]),
    st.sampled_from(["views", "none"]),
    st.sampled_from([1, 4]),
)
def test_what_a_user_sees_is_the_same_in_the_arena(graph, keep_inputs, io, share, alignment):
    made = planned(graph, keep_inputs=keep_inputs, io=io, share=share, alignment=alignment)
    in_arena = run(graph, Arena(made), keep_inputs=keep_inputs)
    assert in_arena == run(graph, Private(), keep_inputs=keep_inputs)


def test_a_loop_that_swaps_its_values_through_views_keeps_them_apart():
    body = Sketch("body")
    a, b = body.input(4), body.input(4)
    body.outputs = [body.view(b), body.view(a)]
    main = Sketch()
    x, y = main.input(4), main.input(4)
    main.outputs = [main.op([x, y], 4, 4, kind="WHILE", calls=(Call(1, "body", repeats=True),))]
    graph = graph_of(main, body)
    assert run(graph, Arena(planned(graph))) == run(graph, Private())


def test_a_view_of_a_variable_keeps_its_old_value_when_the_variable_is_written():
    main = Sketch()
    state = main.tensor(4, TensorKind.VARIABLE)
    old = main.view(state)
    fresh = main.op([], 4)
    main.ops.append(type(main.ops[0])("ASSIGN", "assign", (fresh,), (state,)))
    main.outputs = [main.op([old], 4)]
    graph = graph_of(main)
    made = planned(graph)
    assert made.tensors[state].buffer != made.tensors[old].buffer
    assert run(graph, Arena(made)) == run(graph, Private())
