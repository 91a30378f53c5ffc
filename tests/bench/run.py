"""The benchmarks of allocators and orders: tables of medians and ratios, printed, or put into docs/performance.md.

python tests/bench/run.py [../shared/problems] [--only SECTION ...] [--write docs/performance.md] [--quick]
    [--record FOLDER]

Without a folder of problem files only the sections with generated problems are run. With `--record`, a section that was
measured at this commit is read from the folder, and of dense problems each one that was, so a run that was ended goes
on where it was.
"""

import argparse
import datetime
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import challenging
import compilers
import dense
import easy
import executorch
import family
import guillotine
import learned
import minimise
import orders
import pinwheels
import records
import residency
import scale
from contenders import PEERS, installed
from settings import Settings
from table import Table, renewed

SECTIONS = {
    "challenging": challenging.tables,
    "minimise": minimise.tables,
    "executorch": executorch.tables,
    "compilers": compilers.tables,
    "family": family.tables,
    "guillotine": guillotine.tables,
    "pinwheels": pinwheels.tables,
    "easy": easy.tables,
    "scale": scale.tables,
    "dense": dense.tables,
    "learned": learned.tables,
    "orders": orders.tables,
    "residency": residency.tables,
}
"""Name -> what yields its tables, in the order of the page."""


def main() -> None:
    """Run the sections, and renew each table of the page as soon as its section is done."""
    asked = _arguments()
    settings = Settings(
        folder=asked.problems,
        quick=asked.quick,
        repeats=1 if asked.quick else asked.repeats,
        seconds=0.2 if asked.quick else asked.seconds,
        seeds=(1,) if asked.quick else tuple(asked.seed or (1, 3, 5, 6)),
        million=asked.million,
        record=asked.record,
    )
    for name in asked.only or SECTIONS:
        tables = records.read(asked.record, name) or _measure(name, settings)
        if not tables:
            print(f"{name}: no problem files", flush=True)
            continue
        records.write(asked.record, name, tables)
        page = asked.write.read_text() if asked.write else ""
        for table in tables:
            print(f"\n{table.name}\n\n{table.markdown()}", flush=True)
            page = renewed(page, table) if asked.write else page
        if asked.write:
            asked.write.write_text(page)


def _measure(name: str, settings: Settings) -> list[Table]:
    """The tables of a section; the last one says when and where it was measured."""
    before, begin = os.getloadavg()[0], time.perf_counter()
    tables = list(SECTIONS[name](settings))
    told = f"{_circumstances(before)}; {time.perf_counter() - begin:.0f} s in all."
    return [*tables[:-1], *(replace(one, note=f"{one.note} {told}".strip()) for one in tables[-1:])]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problems", nargs="?", type=Path, help="folder with challenging/, compilers/ and executorch/")
    parser.add_argument("--only", action="append", choices=SECTIONS, metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--write", type=Path, metavar="PAGE", help="replace the tables of this page")
    parser.add_argument("--quick", action="store_true", help="small and once, to see that it works")
    parser.add_argument("--repeats", type=int, default=5, help="of what takes less than a second")
    parser.add_argument("--seconds", type=float, default=10.0, help="that a peer may search")
    parser.add_argument("--seed", type=int, action="append", help="of the family; several may be given")
    parser.add_argument("--million", action="store_true", help="let OmniMalloc have a million buffers too")
    parser.add_argument("--record", type=Path, metavar="FOLDER", help="of what was measured, to go on with")
    return parser.parse_args()


def _circumstances(load: float) -> str:
    """When, under which load, and against which peers a section was measured."""
    peers = [f"{name} {installed(name) or 'not installed, and left out'}" for name in PEERS]
    now = os.getloadavg()[0]
    return f"Measured {datetime.date.today()}, load {load:.1f} to {now:.1f} on {os.cpu_count()} cores; " + ", ".join(
        peers
    )


if __name__ == "__main__":
    main()
