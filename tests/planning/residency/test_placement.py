"""Placements in several memories: optimal by trying all, with addresses, and never worse than banked greedy."""

import itertools
import random
from functools import lru_cache

import pytest
from support.exact import least_peak, legal, top
from support.networks import read_network
from support.shared import SHARED, parametrize

from tmpass.base.choices import Status
from tmpass.packing.problem import Buffer, Gap, Problem
from tmpass.planning.residency import placement
from tmpass.planning.residency.banked_greedy import banked_greedy
from tmpass.planning.residency.candidates import Candidate, needs_of, prices
from tmpass.planning.residency.division import divide
from tmpass.planning.residency.placement import place
from tmpass.targets.memory import Memory


def memory(capacity, bandwidth=None, alignment=1):
    return Memory("m", capacity, alignment, ("activations",), bandwidth)


def draw_buffer(rng, number, most, steps, gapped):
    lower = rng.randrange(steps)
    upper = rng.randint(lower + 1, steps)
    size = rng.randint(0, most)
    gaps = ()
    if gapped and upper - lower > 2 and rng.random() < 0.5:
        low, high = sorted((rng.randint(0, size), rng.randint(0, size)))
        begin = rng.randint(lower + 1, upper - 2)
        gaps = (Gap(begin, rng.randint(begin + 1, upper - 1), low, high),)
    return Buffer(str(number), lower, upper, size, rng.choice((1, 1, 1, 2)), gaps=gaps)


def draw(rng, count, most=5, steps=5):
    """Drawn candidates, memories and how many of each there are."""
    memories = [memory(rng.randint(2, 9), rng.choice((1, 2, 3, 5, 8)), rng.choice((1, 1, 2, 4))) for _ in range(3)]
    memories = memories[: rng.randint(1, 3)]
    if rng.random() < 0.5:
        memories[-1] = memory(None, 1, memories[-1].alignment)
    if rng.random() < 0.2:
        memories[0] = memory(memories[0].capacity)
    gapped = rng.random() < 0.4
    candidates = []
    for number in range(count):
        buffer = draw_buffer(rng, number, most, steps, gapped)
        where = range(len(memories))
        allowed = tuple(m for m in where if rng.random() < 0.8) or (rng.choice(where),)
        candidates.append(Candidate(buffer, buffer.size * rng.randint(0, 4), allowed))
    return candidates, memories


def cheapest(candidates, memories):
    """The least cost over all choices of a memory for each candidate that have packings, or None."""
    price = prices(memories, sum(c.traffic for c in candidates))

    @lru_cache(None)
    def fits(m, numbers):
        peak = least_peak(Problem(tuple(candidates[c].buffer for c in numbers), None, memories[m].alignment))
        return memories[m].capacity is None or peak <= memories[m].capacity

    best = None
    for chosen in itertools.product(*(c.memories for c in candidates)):
        cost = sum(c.traffic * price[m] for c, m in zip(candidates, chosen, strict=True))
        inside = [tuple(c for c, m in enumerate(chosen) if m == one) for one in range(len(memories))]
        if (best is None or cost < best) and all(fits(m, numbers) for m, numbers in enumerate(inside)):
            best = cost
    return best


def check(placed, candidates, memories):
    """Every law of a placement but its cost."""
    assert all(m in c.memories for c, m in zip(candidates, placed.memory, strict=True))
    for m, (one, packed) in enumerate(zip(memories, placed.allocations, strict=True)):
        buffers = tuple(candidates[c].buffer for c, where in enumerate(placed.memory) if where == m)
        problem = Problem(buffers, one.capacity, one.alignment)
        assert legal(problem, packed.offsets)
        assert one.capacity is None or top(problem, packed.offsets) <= one.capacity
        touched = sum(c.traffic for c, where in zip(candidates, placed.memory, strict=True) if where == m)
        assert placed.traffic[m] == touched
    assert placed.cost == sum(t * p for t, p in zip(placed.traffic, placed.prices, strict=True))
    assert placed.proved.lower_bound <= placed.cost


def test_drawn_placements_are_the_cheapest_of_all():
    rng = random.Random(11)
    seen = dict.fromkeys(Status, 0)
    forbidden = 0
    for _ in range(2000):
        candidates, memories = draw(rng, rng.randint(1, 6))
        placed, best = place(candidates, memories), cheapest(candidates, memories)
        seen[placed.status] += 1
        forbidden += placed.proved.forbidden > 0
        if best is None:
            assert placed.status is Status.INFEASIBLE
            assert placed.memory == ()
            continue
        check(placed, candidates, memories)
        assert placed.cost == best
        assert placed.status is Status.OPTIMAL or placed.proved.forbidden
    assert seen[Status.OPTIMAL] > 800
    assert seen[Status.INFEASIBLE] > 200
    assert forbidden > 5


def with_cp_sat(candidates, memories, costs):
    """The least cost of a division by the bytes of each step, by CP-SAT."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    x = [[model.new_bool_var("") for _ in memories] for _ in candidates]
    for row, candidate in zip(x, candidates, strict=True):
        model.add_exactly_one(row[m] for m in candidate.memories)
        for m in set(range(len(memories))) - set(candidate.memories):
            model.add(row[m] == 0)
    for step in range(max(c.buffer.upper for c in candidates)):
        live = [i for i, c in enumerate(candidates) if c.buffer.lower <= step < c.buffer.upper]
        for m, one in enumerate(memories):
            if one.capacity is not None:
                model.add(sum(candidates[i].buffer.size * x[i][m] for i in live) <= one.capacity)
    model.minimize(sum(costs[i][m] * x[i][m] for i in range(len(candidates)) for m in range(len(memories))))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    status = solver.solve(model)
    assert status in (cp_model.OPTIMAL, cp_model.INFEASIBLE)
    return round(solver.objective_value) if status == cp_model.OPTIMAL else None


@pytest.mark.parametrize("seed", range(16))
def test_divisions_of_dozens_of_buffers_are_those_of_cp_sat(seed):
    rng = random.Random(seed)
    memories = [memory(rng.randint(60, 200), 8), memory(rng.randint(100, 300), 3), memory(rng.choice((None, 400)), 1)]
    candidates = []
    for number in range(28):
        lower = rng.randrange(30)
        buffer = Buffer(str(number), lower, lower + rng.randint(1, 12), rng.randint(1, 60))
        allowed = tuple(m for m in range(3) if m == 2 or rng.random() < 0.9)
        candidates.append(Candidate(buffer, buffer.size * rng.randint(1, 5), allowed))
    price = prices(memories, sum(c.traffic for c in candidates))
    costs = [[c.traffic * one for one in price] for c in candidates]
    found = divide(needs_of(candidates, memories), costs, states=1_000_000)
    best = with_cp_sat(candidates, memories, costs)
    assert found.complete
    assert (found.cost if found.memory else None) == best
    assert best is None or found.lower_bound == best
    little = divide(needs_of(candidates, memories), costs, states=0)
    assert best is None or not little.memory or little.lower_bound <= best <= little.cost


def test_a_small_budget_gives_a_placement_with_a_true_bound(monkeypatch):
    rng = random.Random(2)
    seen = {"open": 0, "less room": 0}
    real = placement.with_less_room

    def with_less_room(*arguments):
        seen["less room"] += 1
        return real(*arguments)

    monkeypatch.setattr(placement, "with_less_room", with_less_room)
    for _ in range(8):
        buffers = []
        for number in range(70):
            lower = rng.randrange(35)
            buffers.append(Buffer(str(number), lower, lower + rng.randint(4, 20), rng.randint(50, 150)))
        candidates = [Candidate(b, b.size * rng.randint(1, 9), (0, 1)) for b in buffers]
        memories = [memory(700), memory(None)]
        little = place(candidates, memories, states=0, nodes=5_000)
        more = place(candidates, memories, states=100_000, nodes=5_000)
        rows = banked_greedy(candidates, memories)
        greedy = sum(c.traffic * m for c, (m, _) in zip(candidates, rows, strict=True))
        for placed in (little, more):
            check(placed, candidates, memories)
            assert placed.proved.lower_bound <= min(little.cost, more.cost)
            assert placed.cost <= greedy
        assert more.cost - more.proved.lower_bound < more.cost // 10
        seen["open"] += little.status is Status.FEASIBLE
    assert all(seen.values()), seen


def test_banked_greedy_places_legally():
    rng = random.Random(8)
    placed = 0
    for _ in range(500):
        candidates, memories = draw(rng, rng.randint(1, 9))
        rows = banked_greedy(candidates, memories)
        if rows is None:
            continue
        placed += 1
        for m, one in enumerate(memories):
            inside = [c for c, (where, _) in enumerate(rows) if where == m]
            problem = Problem(tuple(candidates[c].buffer for c in inside), one.capacity, one.alignment)
            assert legal(problem, [rows[c][1] for c in inside])
            assert one.capacity is None or top(problem, [rows[c][1] for c in inside]) <= one.capacity
    assert placed > 100


def test_prices_are_inverse_bandwidths_and_ranks_where_one_is_unknown():
    assert prices([memory(1, 100), memory(1, 10)], 5) == (0, 1)
    assert prices([memory(1, 100), memory(1, 50), memory(1, 10)], 5) == (0, 1, 9)
    assert prices([memory(1, 100), memory(1), memory(1, 10)], 5) == (0, 1, 2)
    assert prices([memory(1, 7), memory(1, 7)], 5) == (0, 0)
    rounded = prices([memory(1, 10**12 + 39), memory(1, 10**12 + 38), memory(1, 1)], 5)
    assert rounded == (0, 1, 2**20)
    assert max(prices([memory(1, 10**6), memory(1, 999), memory(1, 7)], 2**57)) <= 2


def test_buffers_that_are_too_large_for_every_memory_have_no_placement():
    assert place([Candidate(Buffer("a", 0, 1, 9), 9, (0, 1))], [memory(8), memory(4)]).status is Status.INFEASIBLE
    assert place([], [memory(8), memory(4)]).status is Status.OPTIMAL


def test_the_same_call_gives_the_same_placement():
    rng = random.Random(4)
    candidates, memories = draw(rng, 40, most=9, steps=30)
    memories = [memory(15, 4, 2), memory(20, 3), memory(None, 1)]
    candidates = [Candidate(c.buffer, c.traffic, (0, 1, 2)) for c in candidates]
    assert place(candidates, memories) == place(candidates, memories, threads=2)


SHARES = {
    "torch_randwire_ws32": (18.4, 64.1),
    "torch_nasnetalarge": (42.6, 57.3),
    "keras_NASNetMobile_int8": (45.8, 54.1),
}
"""Per cent of the traffic in a fast memory of 1/8 of the peak: by banked greedy, and at most."""


@parametrize("problems/transfers/*_*.json")
def test_networks_are_placed_optimally(path):
    network = read_network(path) if path.stem != "best_known" else None
    if network is None:
        return
    candidates = network.candidates(2)
    total = sum(network.traffic)
    for part in (8, 4, 2):
        memories = [memory(max(network.live) // part), memory(None)]
        placed = place(candidates, memories)
        check_fast(placed, candidates, memories)
        rows = banked_greedy(candidates, memories)
        greedy = sum(c.traffic for c, (m, _) in zip(candidates, rows, strict=True) if m == 0)
        assert placed.traffic[0] >= greedy
        if part == 8 and path.stem in SHARES:
            shares = tuple(round(100 * bytes_ / total, 1) for bytes_ in (greedy, placed.traffic[0]))
            assert shares == SHARES[path.stem]


def check_fast(placed, candidates, memories):
    """That a placement of a whole network is proved optimal and packed."""
    from tmpass.packing.check import check_offsets

    assert placed.status is Status.OPTIMAL
    for m, (one, packed) in enumerate(zip(memories, placed.allocations, strict=True)):
        buffers = tuple(candidates[c].buffer for c, where in enumerate(placed.memory) if where == m)
        assert check_offsets(Problem(buffers, one.capacity, one.alignment), packed.offsets) == []
        assert one.capacity is None or packed.peak <= one.capacity


def test_the_shared_networks_of_the_figures_are_there():
    if SHARED.exists():
        assert all((SHARED / "problems" / "transfers" / f"{name}.json").exists() for name in SHARES)


def test_a_tensor_that_does_not_fit_the_first_memory_goes_to_the_second():
    """The live bytes are 64 KiB, the first memory has 40; in the second one there is room."""
    from tmpass.loading.load import load
    from tmpass.planning.liveness import find_roles, find_storage, live_ranges
    from tmpass.planning.ordering.file_order import file_order
    from tmpass.planning.residency.traffic import traffic_of
    from tmpass.planning.sharing.aliases import find_aliases
    from tmpass.planning.timeline.lay_out import lay_out
    from tmpass.targets import load_target

    model = SHARED / "cases" / "14_inverted_residual.tflite"
    if not model.exists():
        pytest.skip("the cases are not beside the project")
    graph, target = load(model).graph, load_target(str(SHARED / "cases" / "14_two_memories.toml"))
    timeline = lay_out(graph, tuple(map(file_order, graph.subgraphs)))
    aliases = find_aliases(graph, target.sharing, share_io=False, external=frozenset())
    ranges = live_ranges(graph, timeline, keep_inputs=False)
    storage = find_storage(graph, find_roles(graph), aliases, ranges, external=frozenset())
    traffic = traffic_of(graph, timeline, storage.members)
    candidates = [Candidate(b, bytes_, (0, 1)) for b, bytes_ in zip(storage.buffers, traffic, strict=True)]
    placed = place(candidates, target.memories)
    assert placed.status is Status.OPTIMAL
    assert [p.peak for p in placed.allocations] == [36864, 32768]
    assert placed.memory.count(1) == 1
