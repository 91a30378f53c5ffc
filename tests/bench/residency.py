"""What fits into fast memory: shares of traffic in several memories, and bytes of weights that move in each run."""

import statistics
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from settings import Settings
from support.networks import Network, read_network
from table import Cell, Table

from tmpass.planning.residency.banked_greedy import banked_greedy
from tmpass.planning.residency.placement import place
from tmpass.planning.residency.weights import Weight, keep_weights
from tmpass.targets.memory import Memory

PLACEMENT = ("", "buffers", "fast memory, of the peak", "banked greedy, %", "share of traffic, %", "status", "ms")
WEIGHTS = ("", "weights", "MiB", "alignment", "moved, B", "no choice below", "resident, B", "ms")
CAPACITIES = {"keras_MobileNetV2_int8": (2, 3, 4, 6), "keras_EfficientNetB0_int8": (4, 6, 8)}

_MIB = 2**20
_T = TypeVar("_T")


def tables(settings: Settings) -> Iterator[Table]:
    """Networks of the problem files in a fast and a slow memory, and with their weights."""
    folder = settings.folder / "transfers" if settings.folder else None
    paths = sorted(folder.glob("*.json")) if folder else []
    networks = {path.stem: read_network(path) for path in paths if path.stem != "best_known"}
    if not networks:
        return
    names = list(networks)[: 2 if settings.quick else None]
    rows = [_placement(name, networks[name], part, settings) for name in names for part in (8, 4, 2)]
    note = "Traffic: the bytes of each buffer, times the operators that read it, and once more where one writes it."
    yield Table("placement", PLACEMENT, tuple(rows), note)
    kept = [
        _weights(name, networks[name], mib, alignment, settings)
        for name, capacities in CAPACITIES.items()
        for mib in capacities
        for alignment in (1, 16)
        if name in networks
    ]
    yield Table("weights", WEIGHTS, tuple(kept), "Above the live bytes of each step, in the file's own order.")


def _placement(name: str, network: Network, part: int, settings: Settings) -> tuple[Cell, ...]:
    memories = (Memory("fast", max(network.live) // part, 1, ()), Memory("slow", None, 1, ()))
    candidates = network.candidates(2)
    placed, took = _timed(lambda: place(candidates, memories), settings.repeats)
    rows = banked_greedy(candidates, memories) or []
    greedy = sum(c.traffic for c, (m, _) in zip(candidates, rows, strict=True) if m == 0)
    shares = [f"{100 * bytes_ / sum(network.traffic):.1f}" for bytes_ in (greedy, placed.traffic[0])]
    return name, len(candidates), f"1/{part}", *shares, placed.status.value, took


def _weights(name: str, network: Network, mib: int, alignment: int, settings: Settings) -> tuple[Cell, ...]:
    weights = [Weight(*row) for row in network.weights]
    kept, took = _timed(lambda: keep_weights(weights, network.live, mib * _MIB, alignment=alignment), settings.repeats)
    return name, len(weights), mib, alignment, kept.moved, kept.lower_bound, kept.resident, took


def _timed(call: Callable[[], _T], repeats: int) -> tuple[_T, float]:
    """What `call` returns, and its median time in milliseconds."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        answer = call()
        times.append(1000 * (time.perf_counter() - begin))
    return answer, max(statistics.median(times), 0.1)
