"""Problems taken from ExecuTorch: small ones that real models make."""

from collections.abc import Iterator
from dataclasses import replace

from contenders import omnimalloc, present, tmpass
from race import race
from settings import Settings
from table import Table


def tables(settings: Settings) -> Iterator[Table]:
    """The peak of each, whether it is proved, and milliseconds of `allocate()`."""
    rows = []
    header: tuple[str, ...] = ()
    for name, problem in settings.problems("executorch").items():
        free = replace(problem, capacity=None)
        attempts = {"tmpass": tmpass(free), "OmniMalloc `omni`": omnimalloc(free, "omni")}
        results = race(free, present(attempts), settings.repeats)
        ours = results.pop("tmpass")
        header = ("", "buffers", "peak", "proof", "ms", *(cell for peer in results for cell in (f"{peer}, peak", "ms")))
        cells = [cell for peer in results.values() for cell in (peer.peak, 1000 * peer.seconds)]
        proof = "optimal" if ours.proved else "open"
        rows.append((name, len(problem.buffers), ours.peak, proof, 1000 * ours.seconds, *cells))
    if rows:
        yield Table("executorch", header, tuple(rows))
