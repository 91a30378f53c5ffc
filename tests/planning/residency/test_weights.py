"""Weights on chip: the fewest bytes by trying all residents."""

import random
import time

import pytest
from support.networks import read_network
from support.shared import SHARED

from tmpass.base.choices import Status
from tmpass.planning.residency.weights import Weight, WeightUse, keep_weights

MIB = 2**20


def up(size, alignment):
    return -(-size // alignment) * alignment


def room(weight, alignment, chunk):
    if weight.in_place:
        return 0
    return up(weight.size if chunk is None else min(weight.size, chunk), alignment)


def legal(weights, used, capacity, alignment, chunk, residents):
    """Whether these residents leave room for all else at each step: the definition."""
    stay = sum(up(weights[w].size, alignment) for w in residents)
    for step, bytes_ in enumerate(used):
        away = [w for n, w in enumerate(weights) if n not in residents and step in w.steps]
        streamed = sum(room(w, alignment, chunk) for w in away)
        if up(bytes_, alignment) + stay + streamed > capacity - capacity % alignment:
            return False
    return True


def fewest(weights, used, capacity, alignment, chunk):
    """The fewest bytes moved over all sets of residents, or None."""
    best = None
    for chosen in range(2 ** len(weights)):
        residents = {w for w in range(len(weights)) if chosen >> w & 1}
        moved = sum(w.size * len(w.steps) for n, w in enumerate(weights) if n not in residents)
        if (best is None or moved < best) and legal(weights, used, capacity, alignment, chunk, residents):
            best = moved
    return best


def draw(rng):
    steps, most = rng.randint(1, 5), rng.choice((5, 12, 40))
    weights = []
    for _ in range(rng.randint(0, 7)):
        uses = 1 if rng.random() < 0.7 else rng.randint(0, steps)
        weights.append(Weight(rng.randint(0, most), tuple(sorted(rng.sample(range(steps), uses))), rng.random() < 0.2))
    used = [rng.randint(0, most) for _ in range(steps)]
    capacity = rng.randint(0, 4 * most)
    return weights, used, capacity, rng.choice((1, 1, 2, 4)), rng.choice((None, None, 1, 3, 8))


def test_drawn_weights_move_the_fewest_bytes():
    rng = random.Random(7)
    seen = {"infeasible": 0, "coupled": 0, "in place": 0, "chunks": 0, "several": 0}
    for _ in range(6000):
        weights, used, capacity, alignment, chunk = draw(rng)
        kept = keep_weights(weights, used, capacity, alignment=alignment, chunk=chunk)
        best = fewest(weights, used, capacity, alignment, chunk)
        if best is None:
            seen["infeasible"] += 1
            assert kept.status is Status.INFEASIBLE
            assert legal(weights, used, capacity + up(kept.missing, alignment), alignment, chunk, set())
            continue
        assert (kept.moved, kept.lower_bound, kept.status) == (best, best, Status.OPTIMAL)
        assert legal(weights, used, capacity, alignment, chunk, set(kept.residents))
        check(weights, kept)
        floor = capacity - capacity % alignment - max(up(bytes_, alignment) for bytes_ in used)
        seen["coupled"] += best > 0 and kept.resident < floor
        seen["in place"] += WeightUse.IN_PLACE in kept.kept
        seen["chunks"] += WeightUse.CHUNKS in kept.kept
        seen["several"] += any(len(weights[w].steps) > 1 for w in kept.residents)
    assert min(seen.values()) > 300, seen


def check(weights, kept):
    """That the figures follow from the choice."""
    moved = sum(
        w.size * len(w.steps) for w, how in zip(weights, kept.kept, strict=True) if how is not WeightUse.RESIDENT
    )
    assert kept.moved == moved
    assert kept.compulsory == sum(weights[w].size for w in kept.residents)


def test_a_weight_that_blocks_the_residents_of_others_is_itself_resident_where_that_moves_less():
    weights = [Weight(60, (0,)), Weight(30, (1,)), Weight(30, (2,))]
    kept = keep_weights(weights, [0, 0, 0], 100)
    assert [how.value for how in kept.kept] == ["resident", "streamed", "streamed"]
    kept = keep_weights(weights, [0, 0, 0], 100, chunk=10)
    assert kept.moved == 30


@pytest.mark.parametrize("alignment", [1, 16])
def test_hundreds_of_weights_of_any_size_are_proved_optimal(alignment):
    rng = random.Random(alignment)
    weights = [Weight(rng.randint(100, 60_000), (step,)) for step in range(500)]
    used = [rng.randint(MIB, 2 * MIB) for _ in weights]
    begin = time.process_time()
    kept = keep_weights(weights, used, 10 * MIB, alignment=alignment)
    assert kept.status is Status.OPTIMAL
    assert legal(weights, used, 10 * MIB, alignment, None, set(kept.residents))
    assert time.process_time() - begin < 20  # 8 ms and 0.9 s where nothing else runs


MOVED = {
    "keras_MobileNetV2_int8": {2: 2946120, 3: 1897544, 4: 848968, 6: 0},
    "keras_EfficientNetB0_int8": {4: 4775960, 6: 2678808, 8: 581656},
}
"""MiB of the memory -> bytes moved in each run, without alignment."""


@pytest.mark.parametrize("name", MOVED)
@pytest.mark.parametrize("chunk", [None, 16384])
def test_networks_move_the_fewest_bytes(name, chunk):
    path = SHARED / "problems" / "transfers" / f"{name}.json"
    if not path.exists():
        pytest.skip("the problem files are not beside the project")
    network = read_network(path)
    weights = [Weight(*row) for row in network.weights]
    for mib, moved in MOVED[name].items():
        kept = keep_weights(weights, network.live, mib * MIB, chunk=chunk)
        assert (kept.moved, kept.lower_bound) == (moved, moved)
        aligned = keep_weights(weights, network.live, mib * MIB, alignment=16, chunk=chunk)
        assert aligned.status is Status.OPTIMAL
        assert moved <= aligned.moved <= moved + 16
