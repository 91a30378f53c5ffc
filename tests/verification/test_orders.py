"""The bound on all orders, computed again."""

import random
import time
from dataclasses import replace
from itertools import permutations

import pytest
from support.drawn import draw_graph
from support.graphs import Sketch, chain, graph_of
from support.planning import ALL, INFO

from tmpass.api.plan import plan
from tmpass.graph.model import Op
from tmpass.loading.load import Model
from tmpass.plans.plan import PlannedStep
from tmpass.targets import EVERY, RUNTIMES, Over, Sharing
from tmpass.verification.orders import check_order_bound, order_bound_is_proved, recomputed_order_bound
from tmpass.verification.replay import Broken, replay


@pytest.mark.parametrize("schedule", ["auto", "least-peak"])
@pytest.mark.parametrize("random", [True, False])
def test_state_takes_the_turns_of_the_data_where_the_file_is_not_sorted(schedule, random):
    sketch = Sketch()
    x = sketch.input(8)
    first, last = sketch.tensor(300), sketch.tensor(8)
    large = [sketch.op([x], 100) for _ in range(3)]
    sketch.ops += [Op("R", "reads", (first,), (last,), random=random), Op("R", "writes", (x,), (first,), random=random)]
    sketch.outputs = [last, *(sketch.op([t], 4) for t in large)]
    made = plan(Model(INFO, graph_of(sketch)), ALL, schedule=schedule)
    assert (made.order.method, made.order.lower_bound, made.memories[0].peak) == ("least-peak", 316, 316)


def peaks(made, graph):
    """The most bytes alive at once in each order of the operators, where nothing shares."""
    ops = graph.subgraphs[0].ops
    sizes = {(row.subgraph, row.index): row.bytes for row in made.tensors if row.buffer is not None}
    for order in permutations(range(len(ops))):
        steps = tuple(PlannedStep(at, 0, op, ops[op].kind, ops[op].name) for at, op in enumerate(order))
        try:
            needed = replay(graph, steps, keep_inputs=made.options.keep_inputs)
        except Broken:
            continue
        yield max(
            sum(sizes[key] for key, (first, last) in needed.items() if key in sizes and first <= at <= last)
            for at in range(len(order))
        )


@pytest.mark.parametrize("keep_inputs", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_the_least_of_all_orders_is_that_of_every_order_tried(seed, keep_inputs):
    tried = 0
    for number in range(25):
        graph = draw_graph(random.Random(1000 * seed + number), 5, bodies=False, groups=0)
        options = {"share": "none", "alignment": 1, "keep_inputs": keep_inputs}
        made = plan(Model(INFO, graph), ALL, **options)
        found = recomputed_order_bound(made, graph, Sharing(()))
        if found is None:
            continue
        least = min(peaks(made, graph))
        assert found == least
        assert order_bound_is_proved(made, graph, Sharing(()))
        claims = [replace(made, order=replace(made.order, lower_bound=least + more)) for more in (0, 1)]
        assert [order_bound_is_proved(claim, graph, Sharing(())) for claim in claims] == [True, False]
        live = replace(claims[1], memories=(replace(made.memories[0], live_bytes=least + 1),))
        assert [bool(check_order_bound(claim, graph)) for claim in (claims[0], live)] == [False, True]
        tried += 1
    assert tried > 15


def wide(count, size=4):
    """As many operators that can run in any order, and one that reads what they make."""
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.op([], size) for _ in range(count)], 1)]
    return graph_of(sketch)


@pytest.mark.slow
def test_bounds_of_long_chains_are_proved_whatever_their_length():
    sizes = [random.Random(1).randrange(1, 1000) for _ in range(3000)]
    graph = chain(*sizes)
    made = plan(Model(INFO, graph), ALL, alignment=1)
    begin = time.process_time()
    assert order_bound_is_proved(made, graph)
    assert recomputed_order_bound(made, graph) == made.order.lower_bound
    assert time.process_time() - begin < 5


def test_what_every_order_has_at_one_operator_is_proved_at_once():
    """All sets of 40 operators can have run, and none of them needs to be looked at."""
    made = plan(Model(INFO, wide(40)), ALL, alignment=1)
    assert order_bound_is_proved(made, wide(40))
    assert made.order.lower_bound == 40 * 4 + 1


def crossed(count, size):
    """Pairs of large tensors, each made of what the other operators have left: many sets need less than the bound."""
    sketch = Sketch()
    x = sketch.input(1)
    ends = [sketch.op([sketch.op([x], size + at)], size - at) for at in range(count)]
    sketch.outputs = [sketch.op([*ends, sketch.op([x], 3 * size)], 1)]
    return graph_of(sketch)


def test_where_too_many_sets_can_have_run_nothing_wrong_is_said():
    graph = crossed(24, 100)
    made = plan(Model(INFO, graph), ALL, alignment=1)
    begin = time.process_time()
    found = recomputed_order_bound(made, graph)
    assert time.process_time() - begin < 20
    assert 0 < found <= made.memories[0].live_bytes
    begin = time.process_time()
    assert check_order_bound(made, graph) == []
    assert time.process_time() - begin < 0.2


@pytest.mark.parametrize("listed", [(Over("POOL"),), ("POOL",), (EVERY, Over("POOL", 1))], ids=str)
def test_kernels_in_place_are_not_counted_twice(listed):
    """By name or by promise: an operator that is not element-wise may write over its input, too."""
    sketch = Sketch()
    large = sketch.op([sketch.input(1)], 100)
    sketch.outputs = [sketch.op([sketch.op([large, sketch.op([large], 100)], 100, kind="POOL")], 1)]
    graph = graph_of(sketch)
    target = replace(ALL, sharing=Sharing((EVERY,), listed, (EVERY,)))
    made = plan(Model(INFO, graph), target, alignment=1)
    for sharing in (target.sharing, None):
        assert recomputed_order_bound(made, graph, sharing) <= made.memories[0].live_bytes == 200


def test_a_tie_asks_kernels_to_work_in_place_whatever_the_options_say():
    sketch = Sketch()
    past = sketch.input(16)
    sketch.outputs = [sketch.op([past], 16)]
    graph = graph_of(sketch)
    target = replace(ALL, sharing=Sharing((), (Over("OP"),), ()))
    made = plan(Model(INFO, graph), target, tie={"t1": "t0"}, share="none", inplace=False)
    assert recomputed_order_bound(made, graph, target.sharing) == made.memories[0].live_bytes == 16


@pytest.mark.parametrize(("alignment", "least"), [(1, 28), (16, 32)])
def test_a_piece_is_not_rounded_up_where_it_may_begin_anywhere(alignment, least):
    """Before a whole of 16 bytes is there, its last 4 are in a granule of their own or not."""
    sketch = Sketch()
    first = sketch.op([], 12)
    last = sketch.op([first], 4)
    sketch.outputs = [sketch.op([sketch.concat(first, last)], 12)]
    graph = graph_of(sketch)
    target = replace(ALL, runtime=RUNTIMES["tflm"])
    made = plan(Model(INFO, graph), target, alignment=alignment)
    assert recomputed_order_bound(made, graph, target.sharing) == least
    assert made.order.lower_bound <= made.memories[0].live_bytes


def test_unknown_operators_are_ordered_like_others():
    """They keep the order of the file, and what they read they may write, so that less shares."""
    sketch = Sketch()
    x = sketch.input(8)
    large = [sketch.op([x], 100, kind="MINE", custom=True) for _ in range(3)]
    sketch.outputs = [sketch.op([sketch.op([t], 4) for t in large], 1)]
    graph = graph_of(sketch)
    made = plan(Model(INFO, graph), ALL, alignment=1)
    assert order_bound_is_proved(made, graph)
    assert made.order.lower_bound == made.memories[0].live_bytes == 116
