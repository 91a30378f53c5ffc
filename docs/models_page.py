"""Writes docs/models.md: every real model beside the project, planned.

python docs/models_page.py ../shared/models > docs/models.md
"""

import statistics
import sys
import time
from pathlib import Path
from typing import Any

import tmpass
from tmpass.base.errors import TmpassError, UnknownSizeError
from tmpass.plans.plan import Plan

BINDINGS = {
    "batch": 1,
    "seq": 128,
    "sequence": 576,
    "input:0": 1,
    "input:1": 256,
    "sequential_1/gru_1/while/TensorArrayV2Write/TensorListSetItem6:0": 49,
    "sequential_1/gru_1/while/TensorArrayV2Write/TensorListSetItem9:0": 49,
    "state:1": 1,
    "StridedSlice2:0": 90,
}
"""Numbers for dynamic dimensions, by the names that models ask for."""

HEAD = """\
# Real models

Made by `python docs/models_page.py ../shared/models > docs/models.md`: every model there, planned for `pixel6-tpu`,
which allows all sharing, at 16-byte alignment, whether or not it fits. All figures are bytes.

- *steps*: operators, with the bodies of control flow inside the steps that call them.
- *file order*, *best order*: the peak in the order of the file, and with `--schedule auto`; first with a buffer for
  each tensor (`--share none`), then with sharing.
- *any order*: the lower bound on live bytes at the peak step, for all orders and all choices of sharing. *proof*: `yes`
  if the best order meets it, otherwise the gap. Alignment may make the peak larger than the live bytes.
- *status*: that of the packing in the last plan. *time*: the median of three plans in one process, from the file to the
  verified plan, in milliseconds, on two shared cores: an order of magnitude.

"""

COLUMNS = ("model", "steps", "file order", "best order", "file order, shared", "best order, shared", "any order",
           "proof", "status", "time", "")  # fmt: skip


def plan_row(path: Path) -> str:
    """The row of one model."""
    note, options = "", {}
    try:
        batch = _plan(path).options.bind
        note = " ".join(f"dynamic batch: `--bind {name}={number}`, as in the file" for name, number in batch.items())
    except UnknownSizeError as error:
        options["bind"] = {name: BINDINGS[name] for name in error.symbols if name in BINDINGS}
        note = " ".join(f"`--bind {name}={number}`" for name, number in options["bind"].items())
        try:
            _plan(path, **options)
        except UnknownSizeError as left:
            options["allow_unplanned"] = True
            count = len(left.tensors)
            note = f"{note} `--allow-unplanned`: {count} tensor{'s' * (count > 1)} of unknown size".strip()
    except TmpassError as error:
        return _line(path.name, *[""] * 7, f"exit code {error.exit_code}", "", _cell(str(error)))
    peaks = [
        _plan(path, share=share, schedule=schedule, **options).memories[0].peak
        for share in ("none", "auto")
        for schedule in ("given", "auto")
    ]
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        plan = _plan(path, **options)
        times.append(time.perf_counter() - begin)
    bound, gap = plan.order.lower_bound, plan.memories[0].live_bytes - plan.order.lower_bound
    proof = gap or "yes"
    milliseconds = f"{1000 * statistics.median(times):.1f}"
    return _line(path.name, len(plan.schedule), *peaks, bound, proof, plan.status, milliseconds, note)


def _plan(path: Path, **options: Any) -> Plan:
    return tmpass.plan(path, "pixel6-tpu", alignment=16, **options)


def _line(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _cell(text: str) -> str:
    text = text.replace("|", "\\|").replace("`", "'")
    return text if len(text) <= 160 else text[:157] + "..."


def main(folder: Path) -> None:
    """Print the page."""
    print(HEAD, end="")
    for title, name in (("TFLite", "tflite"), ("ONNX", "onnx"), ("Broken, empty and odd files", "invalid")):
        print(f"## {title}\n")
        print(_line(*COLUMNS))
        print("|-|" + "-:|" * 6 + "-|-|-:|-|")
        for path in sorted((folder / name).iterdir()):
            print(plan_row(path), flush=True)
        print()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
