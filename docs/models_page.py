"""Writes docs/models.md: every real model beside the project, planned.

python docs/models_page.py ../shared/models > docs/models.md
"""

import statistics
import sys
import time
from pathlib import Path

import tmpass
from tmpass.errors import TmpassError, UnknownSizeError

BINDINGS = {"batch": 1, "seq": 128, "sequence": 576, "input:0": 1, "input:1": 256, "state:1": 1}
"""Numbers for the names of open dimensions, where a model asks for one of them."""

HEAD = """\
# Real models

Made by `python docs/models_page.py ../shared/models > docs/models.md`: every model there, planned for `litert-cpu` (a
memory without limit) at 16-byte alignment in the order of the file, with views sharing storage. Peak, bound and gap are
bytes of the arena; *steps* counts operators with the bodies of control flow laid out; *time* is the median of three
plans in one process, from the file to the verified plan, in milliseconds, on two shared cores: read it as an order of
magnitude.

"""


def plan_row(path: Path) -> str:
    """A row of the table for one model."""
    note, options = "", {}
    try:
        tmpass.plan(path, "litert-cpu", alignment=16)
    except UnknownSizeError as error:
        options["bind"] = {name: BINDINGS[name] for name in error.symbols if name in BINDINGS}
        note = " ".join(f"`--bind {name}={number}`" for name, number in options["bind"].items())
        try:
            tmpass.plan(path, "litert-cpu", alignment=16, **options)
        except UnknownSizeError as left:
            options["allow_unplanned"] = True
            note = f"{note} `--allow-unplanned`: {len(left.tensors)} tensors of unknown size".strip()
    except TmpassError as error:
        return f"| {path.name} | | | | | exit code {error.exit_code} | | {_cell(str(error))} |"
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        plan = tmpass.plan(path, "litert-cpu", alignment=16, **options)
        times.append(time.perf_counter() - begin)
    memory = plan.memories[0]
    gap = memory.peak - memory.lower_bound
    figures = f"{len(plan.schedule)} | {memory.peak} | {memory.lower_bound} | {gap} | {plan.status}"
    return f"| {path.name} | {figures} | {1000 * statistics.median(times):.1f} | {note} |"


def _cell(text: str) -> str:
    text = text.replace("|", "\\|").replace("`", "'")
    return text if len(text) <= 160 else text[:157] + "..."


def main(folder: Path) -> None:
    """Print the page."""
    print(HEAD, end="")
    for title, name in (("TFLite", "tflite"), ("ONNX", "onnx"), ("Broken, empty and odd files", "invalid")):
        print(f"## {title}\n")
        print("| model | steps | peak | lower bound | gap | status | time | |")
        print("|-|-:|-:|-:|-:|-|-:|-|")
        for path in sorted((folder / name).iterdir()):
            print(plan_row(path), flush=True)
        print()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
