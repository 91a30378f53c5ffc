"""Digests of all plans of a set of models and problems, to compare two versions of the project.

    python tests/bench/plan_digests.py DIRECTORY... -o before.json
    python tests/bench/plan_digests.py DIRECTORY... -o after.json --compare before.json

Each model is planned with four settings, each problem is allocated once. A row has two digests: of all of the plan's
JSON with its warnings, or of the error's text; and of its layout alone (order, offsets, sizes, peaks, bounds), or of
the error's class.
"""

import argparse
import hashlib
import json
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

SHOWN = 20
SETTINGS: dict[str, dict[str, Any]] = {
    "pixel6-tpu": {"target": "pixel6-tpu"},
    "tflm": {"target": "tflm"},
    "litert-cpu external": {"target": "litert-cpu", "io": "external"},
    "ethos-u55 least-peak": {"target": "ethos-u55", "share_io": True, "schedule": "least-peak"},
}


def main() -> int:
    """Write the digests; 1 where they differ from those of `--compare`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directories", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--compare", type=Path)
    arguments = parser.parse_args()
    files = sorted(
        path
        for directory in arguments.directories
        for path in directory.rglob("*")
        if path.suffix in {".tflite", ".onnx", ".csv"}
    )
    rows = {f"{path.parent.name}/{path.name} {key}": digests for path in files for key, digests in _digests_of(path)}
    arguments.output.write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n")
    print(f"{len(files)} files, {len(rows)} rows: {dict(Counter(row[2] for row in rows.values()))}")
    return _compare(json.loads(arguments.compare.read_text()), rows) if arguments.compare else 0


def _digests_of(path: Path) -> list[tuple[str, list[str]]]:
    import tmpass

    if path.suffix == ".csv":
        return [("allocation", _digests(lambda: _allocated(path)))]
    return [
        (name, _digests(lambda setting=setting: _planned(tmpass.plan(path, **setting))))
        for name, setting in SETTINGS.items()
    ]


def _digests(answer: Any) -> list[str]:
    """The digests of all of an answer and of its layout, and whether there is one; those of the error otherwise."""
    from tmpass import TmpassError

    error = ""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            whole, layout = answer()
        except TmpassError as caught:
            error = type(caught).__name__
            whole, layout = f"{error}: {caught}", error
    texts = sorted(str(one.message) for one in told)
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in ("\n".join([whole, *texts]), layout)]
    return [*digests, error or "answered"]


def _planned(plan: Any) -> tuple[str, str]:
    layout = [
        [list(step) for step in ((s.subgraph, s.op) for s in plan.schedule)],
        [[b.memory, b.offset, b.size, b.lower, b.upper, [list(key) for key in b.tensors]] for b in plan.buffers],
        [[m.name, m.peak, m.lower_bound] for m in plan.memories if any(b.memory == m.name for b in plan.buffers)],
    ]
    return plan.to_json(), json.dumps(layout)


def _allocated(path: Path) -> tuple[str, str]:
    import tmpass
    from tmpass.packing.problem_csv import read_problem

    found = tmpass.allocate(read_problem(path.read_text(), path.name, capacity=None))
    layout = json.dumps([found.peak, list(found.offsets or ())])
    return f"{found.status.value} {found.lower_bound} {layout}", layout


def _compare(before: dict[str, list[str]], after: dict[str, list[str]]) -> int:
    for word, index in (("whole answers", 0), ("layouts", 1)):
        both = before.keys() & after.keys()
        different = sorted(key for key in both if before[key][index] != after[key][index])
        print(f"{word}: {len(both) - len(different)} of {len(both)} equal")
        for key in different[:SHOWN]:
            print(f"  differs: {key}")
        if len(different) > SHOWN:
            print(f"  and {len(different) - SHOWN} more")
    missing = sorted(before.keys() ^ after.keys())
    for key in missing:
        print(f"only in one: {key}")
    return 1 if missing or any(before[key][1] != after[key][1] for key in before.keys() & after.keys()) else 0


if __name__ == "__main__":
    sys.exit(main())
