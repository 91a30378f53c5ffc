"""Constants that stay beside buffers that leave: all that is moved together is the least of all choices."""

import random
from dataclasses import replace
from itertools import product

import pytest
from planning.residency.transfers.fixed_drawn import draw_few
from planning.residency.transfers.fixed_oracle import cheapest, replay
from support.graphs import Sketch, graph_of
from support.travelling import planned, target

from tmpass.graph.model import Graph, TensorKind
from tmpass.planning.residency.constants import Constant
from tmpass.planning.residency.on_chip import OnChip
from tmpass.planning.residency.transfers import plan_transfers, residents
from tmpass.planning.residency.transfers.cases import Case
from tmpass.planning.residency.transfers.fixed_order import (
    DEFAULT_NODES,
    FixedBuffer,
    FixedOrderProblem,
    Use,
    solve_fixed_order,
)
from tmpass.planning.residency.transfers.residents import keep_constants
from tmpass.plans.plan import STOPPED
from tmpass.targets import Memory
from tmpass.verification.plan import check_plan


def draw_case(rng: random.Random, constants: int) -> Case:
    """A few buffers, and constants that some steps read, in pieces or whole."""
    problem = draw_few(rng, most=2, steps=5)
    problem = replace(problem, capacity=rng.randint(3, 6))
    sizes = tuple(rng.choice((1, 1, 2, 2, 3)) for _ in range(constants))
    uses: list[tuple[int, ...]] = [()] * problem.steps
    for c in range(constants):
        for step in rng.sample(range(problem.steps), rng.choice((1, 1, 1, 2, 3))):
            uses[step] = (*uses[step], c)
    chunk = rng.choice((None, 1, 1))

    def rounded(size: int) -> int:
        return -(-size // problem.alignment) * problem.alignment

    free = OnChip(
        Memory("near", problem.capacity, problem.alignment, ("weights",)),
        (0,) * problem.steps,
        tuple(uses),
        sizes,
        tuple(map(rounded, sizes)),
        tuple(rounded(size if chunk is None else min(size, chunk)) for size in sizes),
        problem.capacity,
        chunk,
        tuple(range(1, problem.steps + 1)),
    )
    stored = tuple(Constant(((0, c),), size) for c, size in enumerate(sizes))
    numbers = tuple(range(len(problem.buffers)))
    case = Case(None, None, None, None, (), numbers, free, stored, (), problem)  # type: ignore[arg-type]
    return case.keeping([False] * constants)


def streamed(free: OnChip, kept: tuple[bool, ...]) -> int:
    return sum(free.bytes[c] for used in free.uses for c in used if not kept[c])


def apart(case: Case, kept: tuple[bool, ...]) -> FixedOrderProblem:
    """The problem with a buffer for each copy, wherever it is: those that stay need not be side by side."""
    free, rows = case.free, list(case.problem.buffers[: len(case.numbers)])
    for c, stays in enumerate(kept):
        steps = [{0, case.problem.steps - 1}] if stays else [{s} for s, used in enumerate(free.uses) if c in used]
        size = free.bytes[c] if stays else free.at_once(c)
        rows += [FixedBuffer(size, tuple(Use(s, writes=True) for s in sorted(own)), pinned=True) for own in steps]
    return replace(case.problem, buffers=tuple(rows))


def least(case: Case) -> int | None:
    """The fewest bytes of transfers and streamed constants together, over all choices; None where nothing fits."""
    found = []
    for kept in product((False, True), repeat=len(case.constants)):
        answer = solve_fixed_order(apart(case, kept))
        found += [answer.cost + streamed(case.free, kept)] if answer.episodes else []
    return min(found, default=None)


@pytest.mark.parametrize("seed", range(2))
def test_no_choice_moves_fewer_bytes(seed):
    kept_some = pays = 0
    for number in range(200):
        case = draw_case(random.Random(1000 * seed + number), constants=1 + number % 3)
        fewest = solve_fixed_order(case.problem)
        if not fewest.episodes:
            continue
        chosen, answer = keep_constants(case, fewest, nodes=DEFAULT_NODES)
        assert replay(chosen.problem, answer.episodes) == answer.cost
        stays = {row.tensors[0][1] for row in chosen.copies if row.use == "resident"}
        kept = tuple(c in stays for c in range(len(case.constants)))
        assert answer.cost + streamed(case.free, kept) == least(case), (seed, number)
        if number < 4 and case.problem.capacity < 5:
            assert cheapest(apart(case, kept)) == answer.cost
        kept_some += any(kept)
        pays += answer.cost > fewest.cost
    assert kept_some > 5
    assert pays > 0


def test_a_small_buffer_may_leave_for_a_larger_constant_that_is_read_once():
    """Of 200 bytes, 90 are free at step 1 beside both buffers: the constant of 100 stays if the one of 10 leaves."""
    small = FixedBuffer(10, (Use(0, writes=True), Use(2, writes=False)))
    large = FixedBuffer(100, (Use(1, writes=True),))
    memory = Memory("near", 200, 1, ("weights",))
    free = OnChip(memory, (0, 0, 0), ((0,), (), ()), (100,), (100,), (100,), 200, None, (1, 2, 3))
    problem = FixedOrderProblem((small, large), 3, 200)
    stored = (Constant(((0, 0),), 100),)
    case = Case(None, None, None, None, (), (0, 1), free, stored, (), problem).keeping([False])  # type: ignore[arg-type]
    fewest = solve_fixed_order(case.problem)
    chosen, answer = keep_constants(case, fewest, nodes=DEFAULT_NODES)
    assert fewest.cost == 0
    assert [row.use for row in chosen.copies] == ["resident"]
    assert answer.cost == 20


@pytest.mark.parametrize("seed", range(3))
def test_many_constants_move_no_more_bytes_than_if_all_were_streamed(seed, monkeypatch):
    """Where not all choices are tried, nine of ten are the best all the same."""
    monkeypatch.setattr(residents, "MOST_TRIED", 0)
    best = total = 0
    for number in range(60):
        case = draw_case(random.Random(1000 * seed + number), constants=3)
        fewest = solve_fixed_order(case.problem)
        if fewest.episodes:
            chosen, answer = keep_constants(case, fewest, nodes=DEFAULT_NODES)
            stays = {row.tensors[0][1] for row in chosen.copies if row.use == "resident"}
            found = answer.cost + streamed(case.free, tuple(c in stays for c in range(3)))
            assert found <= fewest.cost + streamed(case.free, (False,) * 3)
            best += found == least(case)
            total += 1
    assert best >= 0.9 * total > 0


def test_nothing_stays_in_a_memory_that_loses_its_content():
    rng = random.Random(3)
    while True:
        case = draw_case(rng, constants=2)
        answer = solve_fixed_order(case.problem)
        if answer.episodes and keep_constants(case, answer, nodes=DEFAULT_NODES)[0] is not case:
            break
    loses = replace(case, free=replace(case.free, memory=replace(case.free.memory, survives=False)))
    assert keep_constants(loses, answer, nodes=DEFAULT_NODES) == (loses, answer)


# In plans.


def read_three_times() -> Graph:
    """`far` leaves for a large tensor. Later three operators read one constant, while `far` waits."""
    sketch = Sketch()
    x = sketch.input(8)
    weights = sketch.tensor(40, TensorKind.CONSTANT)
    far = sketch.op([x], 48)
    y = sketch.op([sketch.op([sketch.op([far], 8)], 64)], 8)
    y = sketch.op([y, far], 8)
    for size in (24, 24, 8):
        y = sketch.op([y, weights], size)
    sketch.outputs = [sketch.op([y, far], 8)]
    return graph_of(sketch)


def test_a_buffer_leaves_once_more_where_a_constant_that_is_read_often_stays_for_it():
    """The second time `far` has a copy and costs 48 bytes; the constant would be streamed three times, 120 bytes."""
    made = planned(read_three_times(), target(112, 8), schedule="given", share="none")
    assert {row.use for row in made.constants} == {"stored", "resident"}
    assert (made.transfers.moved, made.transfers.lower_bound) == (48 + 2 * 48, 2 * 48)
    assert made.status == "feasible"  # the bound is that on transfers alone
    lower = planned(read_three_times(), target(104, 8), schedule="given", share="none")
    assert {row.use for row in lower.constants} == {"stored", "streamed"}
    assert (lower.status, lower.transfers.moved) == ("optimal", 2 * 48)


def test_a_constant_that_stays_lies_over_nothing_else():
    graph = read_three_times()
    made = planned(graph, target(112, 8), schedule="given", share="none")
    assert check_plan(made, graph) == []
    row = next(row for row in made.constants if row.use == "resident")
    others = {b.offset for b in made.buffers if b.memory == "near"} - {row.offset}
    for change in (*({"offset": offset} for offset in others), {"upper": row.upper - 1}, {"lower": 1}, {"offset": 3}):
        rows = tuple(replace(one, **change) if one is row else one for one in made.constants)
        assert check_plan(replace(made, constants=rows), graph), change


def test_transfers_stay_the_fewest_where_constants_only_fill_what_is_free():
    sketch = Sketch()
    x = sketch.input(8)
    small, large = (sketch.tensor(size, TensorKind.CONSTANT) for size in (8, 64))
    far = sketch.op([x, small], 48)
    y = sketch.op([sketch.op([sketch.op([far, large], 8)], 64)], 8)
    sketch.outputs = [sketch.op([y, far], 8)]
    graph = graph_of(sketch)
    made = planned(graph, target(80, 8))
    uses = {row.size: row.use for row in made.constants if row.memory == "near"}
    assert uses == {8: "resident", 4: "streamed"}
    assert (made.status, made.transfers.moved) == ("optimal", 2 * 48)


def test_ctrl_c_leaves_the_plan_with_all_constants_streamed(monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(plan_transfers, "keep_constants", interrupted)
    options = {"schedule": "given", "share": "none"}
    made = planned(read_three_times(), target(112, 8), keep=True, **options)
    assert (made.fits, made.transfers.moved) == (True, 2 * 48)
    assert {row.use for row in made.constants} == {"stored", "streamed"}
    assert STOPPED in made.warnings
    with pytest.raises(KeyboardInterrupt):
        planned(read_three_times(), target(112, 8), **options)
