"""MiniMalloc's challenging problems without a capacity: the least peak."""

from collections.abc import Iterator
from dataclasses import replace

from contenders import CP_SAT_WORKERS, MANY_THREADS, plain_cp_sat, present, supermalloc, tmpass, tmpass_cp_sat
from race import Result, race
from settings import Settings
from table import Table, geometric_mean

from tmpass.packing.problem import Problem


def tables(settings: Settings) -> Iterator[Table]:
    """Peaks, proofs and times of tmpass; then the peaks of all contenders, each over the bound that tmpass proves."""
    problems = {name: replace(problem, capacity=None) for name, problem in settings.challenging().items()}
    results = {name: _race(problem, settings) for name, problem in problems.items()}
    if not results:
        return
    contenders = list(next(iter(results.values())))
    own, compared = [], []
    overs: dict[str, list[float | None]] = {contender: [] for contender in contenders}
    for name, problem in problems.items():
        ours = results[name]["tmpass"]
        proof = "optimal" if ours.proved else f"{(ours.peak or 0) / ours.bound - 1:.1%} above the bound"
        own.append((name, len(problem.buffers), ours.peak, ours.bound, proof, ours.nodes, ours.seconds))
        cells = []
        for contender, result in results[name].items():
            over = None if result.peak is None else result.peak / ours.bound
            overs[contender].append(over)
            seconds = f"{result.seconds:.2g} s" if result.proved else "open"
            cells.append(None if over is None else f"{over:.3f}, {seconds}")
        compared.append((name, *cells))
    means = [geometric_mean(overs[contender]) for contender in contenders]
    compared.append(("geometric mean", *(None if mean is None else f"{mean:.3f}" for mean in means)))
    header = ("", "buffers", "peak", "lower bound", "proof", "nodes", "seconds")
    yield Table("minimise", header, tuple(own))
    note = (
        f"Peak over the bound that tmpass proves, and the time to a proof; the peers had {settings.seconds:g} s each, "
        "tmpass a million nodes."
    )
    yield Table("minimise-peers", ("", *contenders), tuple(compared), note)


def _race(problem: Problem, settings: Settings) -> dict[str, Result]:
    attempts = {
        "tmpass": tmpass(problem),
        "OmniMalloc's SuperMalloc": supermalloc(problem, settings.seconds),
        f"SuperMalloc, {MANY_THREADS} threads": supermalloc(problem, settings.seconds, MANY_THREADS),
        "CP-SAT with tmpass's model": tmpass_cp_sat(problem, settings.seconds),
        f"CP-SAT with `no_overlap_2d`, {CP_SAT_WORKERS} threads": plain_cp_sat(problem, settings.seconds),
    }
    return race(problem, present(attempts), settings.repeats)
