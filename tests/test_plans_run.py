"""Plans hold when they are run: values in the arena survive as they do with storage of their own."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from support.graphs import Sketch, graph_of, graphs, perforated
from support.machine import Arena, Private, run
from support.planning import ALL, INFO, assembled

from tmpass.aliases import Aliases
from tmpass.aliases.classes import Classes
from tmpass.graph import ABSENT, Call, Graph, TensorKind
from tmpass.loading import Model
from tmpass.pipeline import plan
from tmpass.plan import Options
from tmpass.target import RUNTIMES
from tmpass.verify.plan import check_plan

COPYING = replace(ALL, runtime=RUNTIMES["tflm"])
"""What ALL allows, in a runtime whose loops copy by way of the outputs of their operator."""


def planned(graph, target=ALL, **options):
    return plan(Model(INFO, graph), target, **options)


@settings(max_examples=600, deadline=None)
@given(
    graphs(),
    st.booleans(),
    st.sampled_from(["arena", "external"]),
    st.sampled_from(["auto", "auto", "views", "none"]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([1, 1, 4]),
)
def test_what_a_user_sees_is_the_same_in_the_arena(graph, keep_inputs, io, share, inplace, share_io, alignment):
    made = planned(
        graph, keep_inputs=keep_inputs, io=io, share=share, inplace=inplace, share_io=share_io, alignment=alignment
    )
    in_arena = run(graph, Arena(made), keep_inputs=keep_inputs)
    assert in_arena == run(graph, Private(), keep_inputs=keep_inputs)


@settings(max_examples=600, deadline=None)
@given(
    perforated(graphs()),
    st.booleans(),
    st.sampled_from(["arena", "external"]),
    st.sampled_from(["auto", "views", "none"]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["auto", "given", "topological"]),
)
def test_what_an_operator_leaves_out_is_no_tensor(graph, keep_inputs, io, share, inplace, share_io, order):
    made = planned(
        graph, keep_inputs=keep_inputs, io=io, share=share, inplace=inplace, share_io=share_io, schedule=order
    )
    in_arena = run(graph, Arena(made), keep_inputs=keep_inputs)
    assert in_arena == run(graph, Private(), keep_inputs=keep_inputs)


@settings(max_examples=300, deadline=None)
@given(graphs(), st.booleans(), st.sampled_from(["arena", "external"]), st.booleans(), st.sampled_from([1, 4]))
def test_so_it_is_where_loops_copy_by_way_of_the_outputs_of_their_operator(graph, keep, io, share_io, alignment):
    made = planned(graph, COPYING, keep_inputs=keep, io=io, share_io=share_io, alignment=alignment)
    in_arena = run(graph, Arena(made), keep_inputs=keep, loops_copy=True)
    assert in_arena == run(graph, Private(), keep_inputs=keep, loops_copy=True)


@settings(max_examples=300, deadline=None)
@given(graphs(max_ops=10), st.booleans())
def test_more_sharing_never_takes_a_larger_arena(graph, inplace):
    auto, views, none = (
        planned(graph, share=share, inplace=inplace, alignment=1).memories[0].peak
        for share in ("auto", "views", "none")
    )
    assert auto <= min(views, none)


def anyhow(draw, graph: Graph) -> Aliases:
    """Tensors that one operator touches, put together at random: where the bytes would match, or anywhere."""
    size = {(s, t): x.bytes or 0 for s, subgraph in enumerate(graph.subgraphs) for t, x in enumerate(subgraph.tensors)}
    classes = Classes(size.__getitem__)
    for s, subgraph in enumerate(graph.subgraphs):
        for t, tensor in enumerate(subgraph.tensors):
            for caller, other in enumerate(graph.subgraphs):
                if tensor.kind is TensorKind.CAPTURE and any(c.subgraph == s for op in other.ops for c in op.calls):
                    classes.capture((caller, tensor.captures), (s, t))
        for op in subgraph.ops:
            movable = [
                t
                for t in (*op.inputs, *op.outputs)
                if t != ABSENT and subgraph.tensors[t].kind is TensorKind.ACTIVATION
            ]
            for _ in range(draw(st.integers(0, 2)) if len(movable) > 1 else 0):
                one, two = (draw(st.sampled_from(movable)) for _ in range(2))
                shift = draw(st.sampled_from([0, 0, 0, *(size[s, t] for t in movable)]))
                (a, low), (b, at) = classes.find((s, one)), classes.find((s, two))
                if a != b:
                    classes.attach(b, a, low + shift - at)
    found = {key: classes.find(key) for key in list(classes.parent)}
    first: dict[tuple[int, int], int] = {}
    for root, at in found.values():
        first[root] = min(first.get(root, 0), at)
    return Aliases(
        {k: root for k, (root, _) in found.items()}, {k: at - first[root] for k, (root, at) in found.items()}
    )


@settings(max_examples=800, deadline=None)
@given(graphs(max_ops=4), st.data(), st.booleans(), st.booleans())
def test_what_the_verifier_accepts_runs_right_whoever_planned_it(graph, data, share_io, copying):
    aliases = anyhow(data.draw, graph)
    made = assembled(graph, aliases, Options(share_io=share_io), COPYING if copying else ALL)
    if not check_plan(made, graph):
        in_arena = run(graph, Arena(made), loops_copy=copying)
        assert in_arena == run(graph, Private(), loops_copy=copying)


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
