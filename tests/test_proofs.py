"""Less sharing can keep less alive, and another choice of what shares, too: what is claimed holds for all of them."""

import random
from dataclasses import replace
from itertools import product

import pytest
from support.drawn import permuted
from support.graphs import Sketch, graph_of
from support.planning import ALL, INFO

from tmpass.api.plan import plan
from tmpass.api.verify import verify
from tmpass.graph.model import TensorKind
from tmpass.loading.load import Model
from tmpass.planning.layout_request import LayoutRequest
from tmpass.plans.planned_order import PlannedOrder
from tmpass.targets import Sharing
from tmpass.verification.orders import recomputed_order_bound


def planned(graph, target=ALL, **options):
    return plan(Model(INFO, graph), target, **options)


def live(made):
    return made.memories[0].live_bytes


def needed_piece(small, large, *, first):
    """A small piece of a large whole is read again after the whole was changed: it bars the write over the whole."""
    main = Sketch()
    a = main.op([main.input(4)], small)
    constant = main.tensor(large - small, TensorKind.CONSTANT)
    whole = main.concat(*((constant, a) if first else (a, constant)))
    changed = main.unary(whole)
    main.outputs = [main.op([main.op([changed], 4), a], 4)]
    return graph_of(main)


@pytest.mark.parametrize(("small", "large"), [(256, 1024), (8, 4096), (100, 101)])
@pytest.mark.parametrize("first", [True, False])
def test_a_piece_that_is_still_needed_is_copied_where_that_takes_less(small, large, first):
    graph = needed_piece(small, large, first=first)
    made = planned(graph)
    assert made.memories[0].peak <= small + large + 4
    assert made.order.lower_bound <= live(made)


EVERY_LESS = [Sharing(v, i, p) for v, i, p in product((("every",), ()), repeat=3)]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("sharing", EVERY_LESS, ids=str)
def test_a_target_that_allows_less_finds_nothing_smaller(sharing, first):
    for small in (16, 200, 512):
        graph = needed_piece(small, 1024, first=first)
        made, less = planned(graph), planned(graph, replace(ALL, sharing=sharing))
        assert made.memories[0].peak <= less.memories[0].peak
        assert made.order.lower_bound <= live(less)


def wanted_twice(sizes):
    """Tensors that two concats want, each with something of its own: each can be a piece of one of them."""
    main = Sketch()
    a, b = main.op([], sizes[0]), main.op([], sizes[1])
    first = main.concat(a, b, main.op([a], sizes[2]))
    second = main.concat(b, main.op([b], sizes[3]), a)
    main.outputs = [main.op([first], 1), main.op([second], 1)]
    return graph_of(main)


@pytest.mark.parametrize("sizes", [(8, 8, 8, 8), (64, 8, 16, 1), (1, 64, 2, 32), (32, 32, 128, 4)])
def test_the_order_of_the_file_decides_on_pieces_but_refutes_no_claim(sizes):
    rng = random.Random(1)
    plans = [planned(permuted(rng, wanted_twice(sizes))) for _ in range(20)]
    assert max(made.order.lower_bound for made in plans) <= min(map(live, plans))


def dense_block(layers, width):
    """Each layer reads all before it, joined: the concats hold each other."""
    main = Sketch()
    features = [main.op([main.input(width)], width)]
    for _ in range(layers):
        joined = main.concat(*features) if len(features) > 1 else features[0]
        features.append(main.op([main.op([joined], width)], width))
    main.outputs = [main.op([main.concat(*features)], 1)]
    return graph_of(main)


@pytest.mark.parametrize("layers", [2, 3, 8])
def test_concats_of_a_dense_block_lie_in_each_other(layers):
    made = planned(dense_block(layers, 10))
    wholes = [row for row in made.tensors if row.buffer is not None and (row.bytes or 0) > 10]
    assert len({(row.buffer, row.offset) for row in wholes}) == 1
    assert made.memories[0].peak == max(10 * (layers + 1) + 1, 10 * layers + 20)
    assert made.order.lower_bound == made.memories[0].peak


def test_what_a_whole_holds_twice_is_not_where_it_would_be_copied_over():
    main = Sketch()
    x = main.op([], 2)
    twice = main.concat(x, x, x, x)
    main.outputs = [main.op([main.concat(x, main.view(x), twice)], 1)]
    made = planned(graph_of(main))
    rows = {row.index: row for row in made.tensors}
    whole = next(row for row in made.tensors if row.bytes == 12)
    assert rows[twice].buffer != whole.buffer or rows[twice].offset == whole.offset + 4


@pytest.mark.parametrize("views", [1, 2])
def test_pieces_are_not_left_with_the_caller(views):
    """A whole that is an output of the caller's under another shape holds no pieces: the plan has no place for them."""
    main = Sketch()
    parts = [main.unary(main.input(8)) for _ in range(2)]
    whole = main.concat(*parts)
    for _ in range(views):
        whole = main.view(whole)
    main.outputs = [whole]
    made = planned(graph_of(main), io="external", share_io=True)
    assert verify(made, Model(INFO, graph_of(main)), target=ALL) == ()
    assert made.memories[0].peak == 16


def test_the_bound_of_small_graphs_is_worked_out_again():
    for graph in (needed_piece(8, 64, first=True), wanted_twice((8, 8, 8, 8)), dense_block(3, 10)):
        made = planned(graph)
        assert made.order.lower_bound <= recomputed_order_bound(made, graph) <= live(made)


def test_a_bound_that_another_order_refutes_is_a_violation():
    main = Sketch()
    x = main.input(4)
    wide = [main.op([x], 50) for _ in range(2)]
    main.outputs = [main.op([main.op([w], 2) for w in wide], 2)]
    graph = graph_of(main)
    made = planned(graph, schedule="given")
    wrong = replace(made, order=PlannedOrder("given", 104, 0))
    assert [v.message for v in verify(wrong, Model(INFO, graph))] == [
        "the plan claims that in any order 104 bytes are alive at once, but 56 are enough"
    ]


def test_atoms_of_nested_wholes_without_end_are_counted_roughly():
    main = Sketch()
    whole = main.op([], 1)
    for _ in range(900):
        whole = main.concat(whole, main.op([], 1))
    main.outputs = [main.op([whole], 1)]
    graph = graph_of(main)
    request = LayoutRequest(graph, ALL, planned(graph, schedule="given").options, frozenset(), {})
    assert sum(request.atoms.size) == 901
    assert len(request.atoms.size) == 1
