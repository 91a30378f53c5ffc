"""Plans hold when they are run: values in the arena survive as they do with storage of their own."""

from dataclasses import replace
from itertools import permutations

from hypothesis import event, given, settings
from hypothesis import strategies as st
from support.graphs import Sketch, graph_of, graphs, perforated
from support.machine import Arena, Private, run
from support.planning import ALL, INFO, assembled

from tmpass.api.plan import plan
from tmpass.base.errors import ModelError
from tmpass.graph.model import ABSENT, Call, Graph, TensorKind
from tmpass.loading.load import Model
from tmpass.planning.sharing.aliases import Aliases
from tmpass.planning.sharing.classes import Classes
from tmpass.plans.plan import Options
from tmpass.targets import EVERY, RUNTIMES, Over, Sharing
from tmpass.verification.plan import check_plan

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
@given(graphs(), st.booleans(), st.booleans(), st.sampled_from([1, 4]))
def test_so_it_is_where_loops_copy_by_way_of_the_outputs_of_their_operator(graph, keep, share_io, alignment):
    made = planned(graph, COPYING, keep_inputs=keep, share_io=share_io, alignment=alignment)
    in_arena = run(graph, Arena(made), keep_inputs=keep, loops_copy=True)
    assert in_arena == run(graph, Private(), keep_inputs=keep, loops_copy=True)


KERNELS = frozenset({("OP", 0, 0), ("OP", 1, 1)})
IN_PLACE = Sharing((EVERY,), (EVERY, *(Over(*kernel) for kernel in sorted(KERNELS))), (EVERY,))
PROMISES = replace(ALL, sharing=IN_PLACE)


@settings(max_examples=600, deadline=None)
@given(graphs(), st.booleans(), st.booleans(), st.sampled_from(["auto", "given", "least-peak"]))
def test_kernels_that_promise_to_work_in_place_lose_nothing_else(graph, keep_inputs, share_io, schedule):
    options = {"keep_inputs": keep_inputs, "share_io": share_io, "alignment": 1, "schedule": schedule}
    made = plan(Model(INFO, graph), PROMISES, **options)
    assert not check_plan(made, graph)
    assert not check_plan(made, graph, IN_PLACE)
    expected = run(graph, Private(), keep_inputs=keep_inputs)
    assert run(graph, Arena(made), keep_inputs=keep_inputs, kernels=KERNELS) == expected


@st.composite
def graphs_with_state(draw):
    """A drawn graph, names of outputs and of inputs of their size, and the same pairs as tensors."""
    sketch = Sketch()
    size = draw(st.integers(1, 4))
    state = [sketch.input(size) for _ in range(draw(st.integers(1, 2)))]
    known = [*state, sketch.input(draw(st.integers(1, 4)))]
    for _ in range(draw(st.integers(1, 6))):
        alike = [t for t in known if sketch.tensors[t].shape == (size,)]
        one = draw(st.sampled_from(alike))
        match draw(st.sampled_from(["op", "op", "op2", "unary", "view", "scatter", "join"])):
            case "op":
                known.append(sketch.op([one, draw(st.sampled_from(known))], draw(st.sampled_from([1, size, size, 5]))))
            case "op2":
                first = sketch.op([one, draw(st.sampled_from(known))], size, size)
                known += [first, first + 1]
            case "unary":
                known.append(sketch.unary(one, *draw(st.lists(st.sampled_from(known), max_size=1))))
            case "view":
                known.append(sketch.view(one))
            case "scatter":
                known.append(sketch.op([one, draw(st.sampled_from(known))], size, kind="ScatterND"))
            case "join":
                known.append(sketch.concat(one, draw(st.sampled_from(known))))
    made = [t for t in known if t not in sketch.inputs and sketch.tensors[t].shape == (size,)] or state
    count = draw(st.integers(1, len(state)))
    after = (
        draw(st.lists(st.sampled_from(made), min_size=count, max_size=count, unique=True))
        if len(made) >= count
        else made[:1]
    )
    sketch.outputs = list(dict.fromkeys([*after, *draw(st.lists(st.sampled_from(known), max_size=1))]))
    pairs = list(zip(after, draw(st.permutations(state)), strict=False))
    return graph_of(sketch), {sketch.tensors[o].name: sketch.tensors[i].name for o, i in pairs}, pairs


def some_order_reads_in_time(graph, pairs, kernels) -> bool:
    """Whether in an order of the operators each input is read before its output is written, or by a kernel that may."""
    ops, ends = graph.subgraphs[0].ops, {t for pair in pairs for t in pair}
    made = {t: n for n, op in enumerate(ops) for t in op.outputs}
    for order in permutations(range(len(ops))):
        at = {n: step for step, n in enumerate(order)}
        if any(t in made and at[made[t]] >= at[n] for n, op in enumerate(ops) for t in op.inputs):
            continue
        if all(
            output == given_
            or (
                given_ not in graph.subgraphs[0].outputs
                and output in made
                and any(given_ in op.inputs for op in ops)  # of one that nobody reads the first step would decide
                and all(
                    at[n] < at[made[output]] or (n == made[output] and _may(op, given_, output, kernels))
                    for n, op in enumerate(ops)
                    if given_ in op.inputs
                )
            )
            for output, given_ in pairs
        ):
            return True
    assert ends
    return False


def _may(op, given_, output, kernels) -> bool:
    if op.inputs.count(given_) > 1:
        return False
    places = {(op.inputs.index(given_), op.outputs.index(output))}
    return op.elementwise or op.view or any((op.kind, *place) in kernels for place in places)


SCATTERS = frozenset({("ScatterND", 0, 0)})


@settings(max_examples=700, deadline=None)
@given(
    graphs_with_state(),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["auto", "auto", "views", "none"]),
    st.booleans(),
    st.sampled_from(["auto", "given", "least-peak", "topological"]),
)
def test_a_tie_holds_or_is_refused_and_nothing_is_lost(drawn, share_io, inplace, share, promises, schedule):
    graph, tie, pairs = drawn
    target, kernels = (PROMISES, SCATTERS | KERNELS) if promises else (ALL, SCATTERS)
    options = {"share_io": share_io, "inplace": inplace, "share": share, "alignment": 1, "schedule": schedule}
    try:
        made = plan(Model(INFO, graph), target, tie=tie, **options)
    except ModelError as error:
        event(f"refused: {error.what.rpartition(', ')[2][:12]}")
        assert "cannot lie over" in str(error)  # noqa: PT017
        if schedule in ("auto", "least-peak") and len(graph.subgraphs[0].ops) < 6:
            assert not some_order_reads_in_time(graph, pairs, kernels)
        return
    rows = made.tensors_by_key()
    for output, state in pairs:
        assert (rows[0, output].buffer, rows[0, output].offset) == (rows[0, state].buffer, rows[0, state].offset)
    event("planned")
    assert run(graph, Arena(made), kernels=kernels) == run(graph, Private())


def in_every_order(graph):
    """The graph with its operators in each order in which they can run."""
    subgraph = graph.subgraphs[0]
    made = {t: n for n, op in enumerate(subgraph.ops) for t in op.outputs}
    for order in permutations(range(len(subgraph.ops))):
        at = {n: step for step, n in enumerate(order)}
        if all(at[made[t]] < at[n] for n, op in enumerate(subgraph.ops) for t in op.inputs if t in made):
            yield replace(graph, subgraphs=(replace(subgraph, ops=tuple(subgraph.ops[n] for n in order)),))


@settings(max_examples=100, deadline=None)
@given(graphs_with_state(), st.booleans(), st.booleans(), st.sampled_from(["auto", "views"]))
def test_no_order_is_below_the_bound_with_kernels_in_place_and_ties(drawn, share_io, tied, share):
    graph, tie, _ = drawn
    if len(graph.subgraphs[0].ops) > 4:
        return
    without_parts = replace(PROMISES, sharing=replace(IN_PLACE, parts=()))
    options = {"share_io": share_io, "share": share, "alignment": 1, "tie": tie if tied else {}}
    try:
        made = plan(Model(INFO, graph), without_parts, **options)
    except ModelError:
        return
    for other in in_every_order(graph):
        try:
            there = plan(Model(INFO, other), without_parts, **options, schedule="given")
        except ModelError:
            continue
        assert made.order.lower_bound <= there.memories[0].live_bytes


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
