"""MiniMalloc's challenging problems at their capacity: any packing within it counts."""

from collections.abc import Iterator

from contenders import CP_SAT_WORKERS, THREADS, plain_cp_sat, present, supermalloc_within, tmpass, tmpass_cp_sat
from race import Result, race
from settings import Settings
from table import Cell, Table, geometric_mean

from tmpass.packing.problem import Problem

OURS = "tmpass"


def tables(settings: Settings) -> Iterator[Table]:
    """Milliseconds to a packing by each contender, and the ratio to tmpass's time."""
    problems = settings.challenging()
    results = {name: _race(problem, settings) for name, problem in problems.items()}
    if not results:
        return
    peers = [name for name in next(iter(results.values())) if name != OURS]
    rows: list[tuple[Cell, ...]] = []
    times: dict[str, list[float | None]] = {name: [] for name in (OURS, *peers)}
    for name, problem in problems.items():
        for contender, result in results[name].items():
            times[contender].append(result.milliseconds(problem.capacity))
        ours, nodes = times[OURS][-1], results[name][OURS].nodes
        cells = [cell for peer in peers for cell in (times[peer][-1], _ratio(times[peer][-1], ours))]
        rows.append((name, len(problem.buffers), nodes, ours, *cells))
    means, sums = [geometric_mean(times[OURS])], [_sum(times[OURS])]
    for peer in peers:
        ratios = [_ratio(theirs, ours) for theirs, ours in zip(times[peer], times[OURS], strict=True)]
        means += [geometric_mean(times[peer]), geometric_mean(ratios)]
        sums += [_sum(times[peer]), _ratio(_sum(times[peer]), sums[0])]
    rows.append(("geometric mean", "", "", *means))
    rows.append(("sum", "", "", *sums))
    header = ("", "buffers", "nodes", "tmpass, ms", *(cell for peer in peers for cell in (peer, "ratio")))
    note = f"A dash: no packing within {settings.seconds:g} s (the geometric means are of the others)."
    yield Table("challenging", header, tuple(rows), note if peers else "")


def _race(problem: Problem, settings: Settings) -> dict[str, Result]:
    attempts = {
        OURS: tmpass(problem, minimize=False),
        f"OmniMalloc's engine, {THREADS} threads, ms": supermalloc_within(problem, settings.seconds),
        "CP-SAT with tmpass's model, 1 thread, ms": tmpass_cp_sat(problem, settings.seconds, minimize=False),
        f"CP-SAT with `no_overlap_2d`, {CP_SAT_WORKERS} threads, ms": plain_cp_sat(
            problem, settings.seconds, minimize=False
        ),
    }
    return race(problem, present(attempts), settings.repeats)


def _ratio(theirs: float | None, ours: float | None) -> float | None:
    return None if theirs is None or ours is None else theirs / ours


def _sum(times: list[float | None]) -> float | None:
    return None if None in times else sum(time or 0.0 for time in times)
