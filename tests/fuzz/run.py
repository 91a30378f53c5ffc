"""Fuzz one reader of the project, or all in turn.

    python tests/fuzz/run.py tflite --runs 1000000 --seed 1
    python tests/fuzz/run.py all --seconds 60
    python tests/fuzz/run.py onnx --seed 1 --only 123456         one run again, with its traceback
    python tests/fuzz/run.py onnx --file find.onnx               a file
    python tests/fuzz/run.py onnx --file find.onnx --minimise    the smallest file that ends in the same way
    python tests/fuzz/run.py csv --engine atheris --runs 100000  guided by coverage, where atheris is installed
    python tests/fuzz/run.py graphs --runs 1000                  further targets are programs of their own

Input number I of seed S is always the same. A find is an exception that is not documented, a plan that is wrong, or a
run above 2 s of processor time or 1 GiB of memory. It is written to --finds with its traceback, the first of each kind.
Exit code 1 if there was one.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "models"))
sys.path.insert(0, str(Path(__file__).parent.parent))

from fuzz.campaign import Report, fuzz
from fuzz.minimise import minimise
from fuzz.once import input_of, try_one
from fuzz.targets import TARGETS

HERE = Path(__file__).parent

PROGRAMS = {
    "graphs": ("drawn_graphs.py", "--count"),
    "interrupts": ("interrupts.py", "--rounds"),
}
"""Targets that are programs in this folder: the file, and its option for the number of runs."""


def main() -> int:
    """Parse the arguments and fuzz; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=(*TARGETS, *PROGRAMS, "all"))
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, help="end after that time, whatever --runs says")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=int, default=0, help="the first input")
    parser.add_argument("--only", type=int, help="try one input, in this process")
    parser.add_argument("--file", type=Path, help="try this file, in this process")
    parser.add_argument("--minimise", action="store_true")
    parser.add_argument("--finds", type=Path, default=Path("finds"))
    parser.add_argument("--engine", choices=("plain", "atheris"), default="plain")
    given, rest = parser.parse_known_args()
    if given.target in PROGRAMS:
        file, option = PROGRAMS[given.target]
        words = [sys.executable, str(HERE / file), option, str(given.runs), "--seed", str(given.seed), *rest]
        return subprocess.run(words, check=False).returncode
    if rest:
        parser.error(f"unknown arguments: {' '.join(rest)}")
    if given.engine == "atheris":
        from fuzz.guided import guided

        return guided(TARGETS[given.target], given.runs, given.seed, given.finds)
    if given.only is not None or given.file is not None:
        return _one(given)
    names = list(TARGETS) if given.target == "all" else [given.target]
    reports = []
    for name in names:
        report = fuzz(
            TARGETS[name], given.runs, given.seed, start=given.start, seconds=given.seconds, finds=given.finds
        )
        print(report, flush=True)
        reports.append(report)
        if report.stopped:
            return 130
    return int(any(_failed(report) for report in reports))


def _failed(report: Report) -> bool:
    return bool(report.finds)


def _one(given: argparse.Namespace) -> int:
    target = TARGETS[given.target]
    data = given.file.read_bytes() if given.file else input_of(target, given.seed, given.only)
    if given.minimise:
        data = minimise(target, data)
        given.finds.mkdir(exist_ok=True, parents=True)
        place = given.finds / f"minimal-{os.getpid()}{target.suffix}"
        place.write_bytes(data)
        print(f"{len(data)} bytes in {place}")
    end = try_one(target, data, given.seed, given.only or 0)
    print(end.outcome, f"{end.seconds:.3f} s")
    print(end.trace, end="")
    return int(end.find)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
