"""The order of a whole model, compared with all of its orders by the storage that they need."""

from dataclasses import replace
from functools import cache
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st
from support.graphs import Sketch, chain, graph_of, graphs

from tmpass.graph.dependencies import reads
from tmpass.graph.effects import effect_edges
from tmpass.graph.model import Call, Graph, TensorKind
from tmpass.packing.bounds import lower_bound
from tmpass.packing.problem import Problem
from tmpass.planning.liveness import find_roles, find_storage, live_ranges
from tmpass.planning.ordering.items import MemoryContents
from tmpass.planning.ordering.subgraphs import ModelItems, items_of_model, order_model
from tmpass.planning.sharing.aliases import find_aliases
from tmpass.planning.sharing.in_place import in_place_pairs, join_in_place
from tmpass.planning.timeline.lay_out import lay_out
from tmpass.targets import EVERY, Sharing

ALL = Sharing((EVERY,), (EVERY,), (EVERY,))
NONE = Sharing((), (), ())


def items(graph: Graph, sharing: Sharing) -> ModelItems:
    aliases = find_aliases(graph, sharing)
    keys = {
        (s, t)
        for s, subgraph in enumerate(graph.subgraphs)
        for t, tensor in enumerate(subgraph.tensors)
        if tensor.kind in (TensorKind.ACTIVATION, TensorKind.CAPTURE)
    }
    return items_of_model(MemoryContents(graph, aliases, in_place_pairs(graph, aliases, sharing), keys, {}))


def live_bytes(graph: Graph, orders, sharing: Sharing) -> int:
    """The most bytes alive at one step when the subgraphs run in `orders`, variables left out."""
    timeline = lay_out(graph, orders)
    ranges = live_ranges(graph, timeline, keep_inputs=False)
    aliases = find_aliases(graph, sharing)
    aliases = join_in_place(graph, timeline, aliases, in_place_pairs(graph, aliases, sharing), ranges)
    storage = find_storage(graph, find_roles(graph), aliases, ranges, external=frozenset())
    kept = [
        buffer
        for buffer, members in zip(storage.buffers, storage.members, strict=True)
        if all(graph.tensor(key).kind is not TensorKind.VARIABLE for key in members)
    ]
    return lower_bound(Problem(tuple(kept))).live_bytes


def every_order(graph: Graph, s: int) -> list[tuple[int, ...]]:
    subgraph = graph.subgraphs[s]
    edges = [*((a, b) for a, b, _ in reads(subgraph)), *effect_edges(graph)[s]]
    found = []

    def extend(order: tuple[int, ...]) -> None:
        left = [op for op in range(len(subgraph.ops)) if op not in order]
        if not left:
            found.append(order)
        for op in left:
            if all(a in order for a, b in edges if b == op):
                extend((*order, op))

    extend(())
    return found


def plain(graph: Graph) -> bool:
    """Every subgraph has operators, and no input of what calls bodies is unused: those are alive for parts of steps."""
    return all(subgraph.ops for subgraph in graph.subgraphs) and all(
        t in subgraph.outputs or any(t in op.inputs for op in subgraph.ops)
        for subgraph in graph.subgraphs
        if any(op.calls for op in subgraph.ops)
        for t in subgraph.inputs
    )


def called_once(graph: Graph) -> bool:
    calls = [c.subgraph for sub in graph.subgraphs for op in sub.ops for c in op.calls]
    return len(calls) == len(set(calls)) and not set(calls) & {entry.subgraph for entry in graph.entries}


@settings(max_examples=150, deadline=None)
@given(graphs(max_ops=4).filter(called_once))
def test_without_sharing_the_order_needs_the_least_of_all(graph):
    choices = [every_order(graph, s)[:24] for s in range(len(graph.subgraphs))]
    whole = all(len(every_order(graph, s)) <= 24 for s in range(len(graph.subgraphs)))
    given_orders = [tuple(range(len(sub.ops))) for sub in graph.subgraphs]
    found = order_model(items(graph, NONE), given_orders, states=10_000, search=True)
    assert found.peak <= live_bytes(graph, found.orders, NONE)
    if plain(graph):
        assert found.peak == live_bytes(graph, found.orders, NONE)
    combinations = [orders for orders, _ in zip(product(*choices), range(200), strict=False)]
    least = min(live_bytes(graph, orders, NONE) for orders in combinations)
    assert found.bound <= least
    assert found.peak <= least
    if whole and len(combinations) < 200 and plain(graph):
        assert found.peak == least


@settings(max_examples=150, deadline=None)
@given(graphs(max_ops=5).filter(called_once))
def test_with_sharing_no_order_needs_less_than_the_bound(graph):
    given_orders = [tuple(range(len(sub.ops))) for sub in graph.subgraphs]
    found = order_model(items(graph, ALL), given_orders, states=10_000, search=True)
    assert found.bound <= found.peak <= live_bytes(graph, found.orders, ALL)
    present = order_model(items(graph, ALL), given_orders, states=0, search=False)
    assert found.peak <= present.peak
    for s in range(len(graph.subgraphs)):
        for order in every_order(graph, s)[:12]:
            orders = [*given_orders[:s], order, *given_orders[s + 1 :]]
            assert found.bound <= live_bytes(graph, orders, ALL)


@st.composite
def networks(draw) -> Graph:
    """Operators of one result each, many of them element-wise, up to 14."""
    sketch = Sketch()
    known = [sketch.input(draw(st.integers(1, 9)))]
    for _ in range(draw(st.integers(1, 14))):
        readable = known[-5:]
        inputs = draw(st.lists(st.sampled_from(readable), min_size=1, max_size=2, unique=True))
        known.append(sketch.unary(*inputs) if draw(st.booleans()) else sketch.op(inputs, draw(st.integers(1, 9))))
    read = {t for op in sketch.ops for t in op.inputs}
    sketch.outputs = [t for t in known if t not in read][-2:]
    return graph_of(sketch)


def least_peak(graph: Graph, *, in_place: bool) -> int:
    """The least peak of all orders, by what each operator reads and makes alone."""
    [subgraph] = graph.subgraphs
    size = [tensor.bytes for tensor in subgraph.tensors]
    maker = {op.outputs[0]: index for index, op in enumerate(subgraph.ops)}
    readers = {t: {i for i, op in enumerate(subgraph.ops) if t in op.inputs} for t in range(len(size))}
    ends = {*subgraph.inputs, *subgraph.outputs}

    def alive(ran: frozenset[int], t: int) -> bool:
        made = t not in maker or maker[t] in ran
        return made and (t in subgraph.outputs or not readers[t] <= ran)

    def during(ran: frozenset[int], index: int) -> int:
        op = subgraph.ops[index]
        total = sum(size[t] for t in range(len(size)) if alive(ran, t)) + size[op.outputs[0]]
        if in_place and op.elementwise and op.outputs[0] not in ends:
            over = [t for t in op.inputs if t not in ends and size[t] == size[op.outputs[0]]]
            if any(readers[t] - ran == {index} for t in over):
                return total - size[op.outputs[0]]
        return total

    @cache
    def rest(ran: frozenset[int]) -> int:
        ready = [
            i
            for i, op in enumerate(subgraph.ops)
            if i not in ran and all(t not in maker or maker[t] in ran for t in op.inputs)
        ]
        return min((max(during(ran, i), rest(ran | {i})) for i in ready), default=0)

    return rest(frozenset())


@settings(max_examples=120, deadline=None)
@given(networks(), st.booleans())
def test_up_to_fourteen_operators_the_order_is_the_best(graph, in_place):
    sharing = Sharing((), (EVERY,) if in_place else (), ())
    orders = [tuple(range(len(graph.subgraphs[0].ops)))]
    found = order_model(items(graph, sharing), orders, states=100_000, search=True)
    assert found.peak == found.bound == least_peak(graph, in_place=in_place)


def test_a_body_is_ordered_on_its_own_and_counts_in_its_callers_step():
    body = Sketch("body")
    x = body.input(2)
    small = body.op([x], 5)
    wide = body.op([x], 50)
    narrow = body.op([wide], 1)
    body.outputs = [body.op([narrow, small], 1)]
    main = Sketch()
    start = main.input(2)
    main.outputs = [main.op([start], 1, kind="CALL", calls=(Call(1, "body"),))]
    graph = graph_of(main, body)
    found = order_model(items(graph, NONE), ((0,), (0, 1, 2, 3)), states=100, search=True)
    assert found.orders == ((0,), (1, 2, 0, 3))
    assert found.peak == found.bound == (2 + 1) + (2 + 50 + 1)  # the caller's input and output; x, wide and narrow


def test_in_a_loop_what_goes_in_and_out_is_alive_while_the_other_body_runs():
    cond, body = Sketch("cond"), Sketch("body")
    cond.outputs = [cond.op([cond.input(8)], 1)]
    body.outputs = [body.op([body.input(8)], 8)]
    main = Sketch()
    calls = (Call(1, "cond", repeats=True), Call(2, "body", repeats=True))
    main.outputs = [main.op([main.input(8)], 8, kind="WHILE", calls=calls)]
    graph = graph_of(main, cond, body)
    orders = [(0,), (0,), (0,)]
    found = order_model(items(graph, NONE), orders, states=100, search=True)
    assert found.peak == live_bytes(graph, orders, NONE) == 8 + 8 + (8 + 1) + (8 + 8)


def test_a_chain_keeps_its_order():
    graph = chain(4, 8, 2, 9)
    found = order_model(items(graph, NONE), [(0, 1, 2)], states=100, search=True)
    assert (found.orders, found.peak, found.bound, found.states) == (((0, 1, 2),), 12, 12, 0)


@settings(max_examples=150, deadline=None)
@given(graphs(max_ops=3), st.data())
def test_subgraphs_that_run_in_several_places_leave_the_bound_true(graph, data):
    """Calls are led to any subgraph with a higher number, so that several run the same one, also in loops in loops."""
    subgraphs = []
    for s, subgraph in enumerate(graph.subgraphs):
        ops = []
        for op in subgraph.ops:
            later = range(s + 1, len(graph.subgraphs))
            calls = tuple(replace(call, subgraph=data.draw(st.sampled_from(later))) for call in op.calls if later)
            ops.append(replace(op, calls=calls))
        tensors = tuple(
            replace(t, kind=TensorKind.ACTIVATION, captures=None) if t.captures is not None else t
            for t in subgraph.tensors
        )
        subgraphs.append(replace(subgraph, ops=tuple(ops), tensors=tensors))
    graph = replace(graph, subgraphs=tuple(subgraphs))
    orders = tuple(tuple(range(len(subgraph.ops))) for subgraph in graph.subgraphs)
    found = order_model(items(graph, NONE), orders, states=10_000, search=True)
    assert found.bound <= live_bytes(graph, found.orders, NONE)
    assert found.bound <= live_bytes(graph, orders, NONE)
