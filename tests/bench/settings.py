"""The arguments of a run of the benchmarks, and the problems from files."""

from dataclasses import dataclass
from pathlib import Path

from tmpass.packing.problem import Problem
from tmpass.packing.problem_csv import read_problem

CAPACITY = 1048576
"""What each of MiniMalloc's challenging problems fits into."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The extent of the measurements.

    Fields: `folder` has the problem files, or is None; `quick` makes each section small, to see that it works;
    `repeats` is how often a short run is measured, and `seconds` how long a peer may search; `seeds` are those of the
    family; `million` lets OmniMalloc have a million buffers too; `record` is the folder of what was measured, or None.
    """

    folder: Path | None
    quick: bool
    repeats: int
    seconds: float
    seeds: tuple[int, ...]
    million: bool
    record: Path | None = None

    def problems(self, subfolder: str) -> dict[str, Problem]:
        """The problems in a subfolder by name; a number in the name is the capacity."""
        found = {}
        for path in sorted((self.folder / subfolder).glob("*.csv")) if self.folder else ():
            name, *rest = path.name.split(".")
            capacity = int(rest[0]) if rest[0].isdecimal() else None
            found[name] = read_problem(path.read_text(), str(path), capacity=capacity)
        return found

    def challenging(self) -> dict[str, Problem]:
        """MiniMalloc's A..K, or of a quick run the first two."""
        given = self.problems("challenging")
        return dict(list(given.items())[:2]) if self.quick else given
