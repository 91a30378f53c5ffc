"""Draw graphs and boards of several memories, and try to refute that a model does not fit.

    python tests/fuzz/drawn_boards.py --count 10000 --seed 1

Every graph is planned for a board whose other memories are small. A plan that claims what other memories may not hold,
or have no room for, is held against

    divide    every division of the buffers, for drawn orders and choices of what shares that the verifier accepts:
              where the others have room for their part, the first memory has as many bytes alive as is claimed
    again     the verifier's own computation, which must not prove more than any such division needs

Counts are printed; a failure prints the seed that draws it again, and ends in exit code 1.
"""

import argparse
import random
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from support.any_plans import choose, live_bytes, overlays
from support.drawn import draw_graph, permuted
from support.planning import INFO

from tmpass.api.plan import plan
from tmpass.base.errors import ModelError, TargetError
from tmpass.graph.model import Graph
from tmpass.loading.load import Model
from tmpass.packing.allocate import allocate
from tmpass.packing.bounds import lower_bound
from tmpass.packing.problem import Buffer, Problem
from tmpass.planning.liveness import find_roles, find_storage, live_ranges
from tmpass.planning.memories import uses_of
from tmpass.planning.timeline.lay_out import lay_out
from tmpass.plans.plan import Plan
from tmpass.targets import EVERY, Memory, Sharing, Target
from tmpass.verification.held_need import held_bound_is_proved, room_bound_is_proved
from tmpass.verification.plan import check_plan

_USES = ("activations", "variables", "inputs_outputs")
_MOST = 9
"""Graphs with more buffers are not divided in every way."""

_NO_PACKING = 1 << 20
"""Added to the peak of a division that has no packing, so that it says nothing."""


class Refuted(Exception):
    """A claim is wrong."""


def draw_board(rng: random.Random) -> Target:
    """A first memory, one or two small ones behind it, and what may share: all, or nothing."""
    alignment = rng.choice((1, 1, 4, 16))
    memories = [Memory("sram", rng.choice((8, 16, 32, 64, 96)), alignment, _USES)]
    for name in ("psram", "bank")[: rng.choice((1, 1, 1, 2))]:
        holds = rng.choice((_USES, _USES, ("activations", "inputs_outputs"), ("activations",), ("inputs_outputs",)))
        memories.append(Memory(name, rng.choice((4, 8, 16, 32, 48)), rng.choice((alignment, alignment, 1, 16)), holds))
    home = rng.choice((None, "flash", "psram"))
    if home == "flash":
        memories.append(Memory("flash", None, 1, ("weights",)))
    elif home == "psram":
        memories[1] = replace(memories[1], capacity=96, holds=(*memories[1].holds, "weights"))
    sharing = rng.choice((Sharing((EVERY,), (EVERY,), (EVERY,)), Sharing((EVERY,), (), ()), Sharing()))
    return Target("board", "", "", tuple(memories), sharing)


def check(seed: int, most_ops: int, counts: Counter[str]) -> None:
    """Plan a drawn graph for a drawn board, and try to refute that it does not fit."""
    rng = random.Random(seed)
    graph, target = draw_graph(rng, most_ops), draw_board(rng)
    options: dict[str, object] = {
        "keep_inputs": rng.random() < 0.2,
        "schedule": rng.choice(("auto", "given")),
        "transfers": rng.choice(("auto", "never")),
    }
    try:
        made = plan(Model(INFO, graph), target, **options)
    except (ModelError, TargetError):
        counts["no plan"] += 1
        return
    counts[made.status] += 1
    if made.fits:
        return
    counts["held"] += made.order.held_bound is not None
    counts["room"] += made.order.room_bound is not None
    claim = made.order.room_bound or made.order.held_bound
    if found := check_plan(made, graph, target.sharing):
        raise Refuted(f"verify: {found[0].message}")
    counts["proved again"] += made.order.room_bound is not None and room_bound_is_proved(made, graph, target)
    found = [*_divisions(rng, graph, target, made, counts)]
    if not found:
        return
    counts["divided"] += 1
    live, peak = (min(sizes) for sizes in zip(*found, strict=True))
    if claim is not None and live < claim:
        raise Refuted(f"divide: {live} bytes are alive in the first memory, {claim} are claimed")
    if peak <= (target.scratchpad.capacity or 0) and made.status == "infeasible" and claim is not None:
        raise Refuted(f"divide: {peak} bytes of the first memory are enough, which it has")
    none = made.options.transfers == "never" and live > (target.scratchpad.capacity or 0)
    counts["above, without an answer"] += none and made.status == "unknown"
    counts["above, with a proof"] += none and made.status == "infeasible"
    for field, proved in (("room_bound", room_bound_is_proved), ("held_bound", held_bound_is_proved)):
        forged = replace(made, order=replace(made.order, **{field: peak + 1}))
        if proved(forged, graph, target):
            raise Refuted(f"again: {peak + 1} bytes are proved, {peak} are enough")


def _divisions(
    rng: random.Random, graph: Graph, target: Target, made: Plan, counts: Counter[str]
) -> Iterator[tuple[int, int]]:
    """The live bytes and the peak of the first memory, of each division for which the other memories have room.

    The live bytes are those of divisions that leave the others no more alive than they have room for; the peak is that
    of divisions with a packing there.
    """
    every = list(overlays(graph))
    for number in range(8):
        moved = graph if number == 0 or made.options.schedule == "given" else permuted(rng, graph)
        orders = [
            tuple(subgraph.ops.index(op) for op in other.ops)
            for subgraph, other in zip(graph.subgraphs, moved.subgraphs, strict=True)
        ]
        share = rng.choice((0, 0.5, 0.8, 1))
        aliases = choose(graph, [one for one in every if rng.random() < share])
        if aliases is None:
            continue
        counts["choices"] += 1
        if live_bytes(graph, orders, aliases, _alone(target), made.options, frozenset()) is None:
            continue
        ranges = live_ranges(graph, lay_out(graph, orders), keep_inputs=made.options.keep_inputs, loops_copy=False)
        storage = find_storage(graph, find_roles(graph), aliases, ranges, external=frozenset())
        if len(storage.buffers) > _MOST:
            continue
        counts["right choices"] += 1
        allowed = []
        for members in storage.members:
            uses = set(uses_of(graph, storage, members))
            allowed.append([m for m, memory in enumerate(target.memories) if uses <= set(memory.holds)])
        rooms = _rooms(made, target)
        for homes in product(*allowed):
            parts = [
                tuple(buffer for buffer, home in zip(storage.buffers, homes, strict=True) if home == m)
                for m in range(len(target.memories))
            ]
            live = [lower_bound(Problem(part, alignment=1)).live_bytes if part else 0 for part in parts]
            if all(room is None or own <= room for own, room in zip(live[1:], rooms[1:], strict=True)):
                peaks = [_peak(part, memory) for part, memory in zip(parts, target.memories, strict=True)]
                packed = all(room is None or own <= room for own, room in zip(peaks[1:], rooms[1:], strict=True))
                yield live[0], peaks[0] if packed else sum(b.size for b in storage.buffers) + _NO_PACKING


def _alone(target: Target) -> Target:
    """The target with its first memory alone, without a limit."""
    return replace(target, memories=(replace(target.scratchpad, capacity=None),))


def _peak(buffers: tuple[Buffer, ...], memory: Memory) -> int:
    return allocate(Problem(buffers, None, memory.alignment)).peak or 0


def _rooms(made: Plan, target: Target) -> list[int | None]:
    stored: Counter[str] = Counter()
    for row in made.constants:
        stored[row.memory] += row.size
    return [None if memory.capacity is None else memory.capacity - stored[memory.name] for memory in target.memories]


def main() -> int:
    """Check as many drawn graphs as the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="graphs to draw")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first graph; the others follow")
    parser.add_argument("--most-ops", type=int, default=5, help="operators in a subgraph")
    asked = parser.parse_args()
    counts: Counter[str] = Counter()
    failures = 0
    for seed in range(asked.seed, asked.seed + asked.count):
        try:
            check(seed, asked.most_ops, counts)
        except Exception as error:
            failures += 1
            if not isinstance(error, Refuted):
                traceback.print_exc()
            print(f"seed {seed}: {error}")
            if failures == 5:
                break
    print(", ".join(f"{name} {counts[name]}" for name in sorted(counts)))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
