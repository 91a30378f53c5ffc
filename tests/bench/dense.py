"""OmniMalloc's sources with scalar time: its allocators against `auto`, by peaks and by time of the processor.

python tests/bench/dense.py [--buffers N ...] [--seeds N] [--source NAME ...] [--seconds S] [--record FILE]

One row for each source and number of buffers: peaks over the live bytes, the mean over the seeds; seconds of the
processor; and on how many seeds `auto` is above the lowest peak of a peer, or slower than `omni` at the same peak.
Below the table is one line for each such seed.

With `--record`, each problem is measured once: what the file has is read from it, and what it has not is added, so a
run that was ended goes on where it was.
"""

import argparse
import json
import math
import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from contenders import installed
from dense_problem import SOURCES, Compared, compare_seed
from records import path_of
from settings import Settings
from table import Cell, Table

SIZES = (129, 513, 2049, 8193)


def tables(settings: Settings) -> Iterator[Table]:
    """The table of all sources; nothing where OmniMalloc is missing."""
    sizes = SIZES[:1] if settings.quick else SIZES
    record = path_of(settings.record, "dense.jsonl")
    yield from compare(SOURCES, sizes, range(1 if settings.quick else 5), settings.seconds, record)


def compare(
    names: Sequence[str], sizes: Sequence[int], seeds: Sequence[int], limit: float, record: Path | None = None
) -> Iterator[Table]:
    """One table, smaller problems first, row by row as they are measured; `limit` is seconds of a peer's search."""
    if not installed("omnimalloc"):
        return
    header = ("source", "buffers", "`auto`", "s", "`omni`", "s", "best peer", "above", "slower")
    known = _read(record)
    rows: list[tuple[Cell, ...]] = []
    short: list[str] = []
    for size in sizes:
        for name in names:
            group = []
            for seed in seeds:
                one = known.get((name, size, seed))
                if one is None:
                    one = compare_seed(name, size, seed, limit)
                    _write(record, one)
                group.append(one)
            rows.append(_row(group))
            short += [one.shortfall() for one in group if one.above or one.slower]
            print(*rows[-1], file=sys.stderr, flush=True)
    count = len(rows) * len(seeds)
    note = f"Means over seeds {seeds[0]} .. {seeds[-1]}; one thread. {len(short)} of {count} problems fall short."
    listed = ["", *(f"- {line}" for line in short)] if short else []
    yield Table("dense", header, tuple(rows), "\n".join([note, *listed]))


def _row(group: Sequence[Compared]) -> tuple[Cell, ...]:
    mean = statistics.mean
    omni = mean((one.omni_peak or math.nan) / one.live for one in group)
    return (
        group[0].source,
        group[0].buffers,
        f"{mean(one.peak / one.live for one in group):.4f}",
        mean(one.seconds for one in group),
        _figure(omni),
        mean(one.omni_seconds for one in group),
        _figure(mean(one.least_of_peers / one.live for one in group)),
        sum(one.above for one in group),
        sum(one.slower for one in group),
    )


def _figure(mean: float) -> str | None:
    """A mean of peaks; None where an allocator gave up."""
    return f"{mean:.4f}" if math.isfinite(mean) else None


def _read(record: Path | None) -> dict[tuple[str, int, int], Compared]:
    lines = record.read_text().splitlines() if record and record.exists() else []
    measured = [Compared(**json.loads(line)) for line in lines]
    return {(one.source, one.buffers, one.seed): one for one in measured}


def _write(record: Path | None, one: Compared) -> None:
    if record:
        with record.open("a") as file:
            file.write(json.dumps(one.as_json()) + "\n")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--buffers", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--source", nargs="+", default=list(SOURCES), choices=SOURCES)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=30, help="for each peer that searches")
    parser.add_argument("--record", type=Path, help="a file of results, to go on with")
    asked = parser.parse_args()
    for table in compare(asked.source, asked.buffers, range(asked.seeds), asked.seconds, asked.record):
        print(table.markdown())


if __name__ == "__main__":
    main()
