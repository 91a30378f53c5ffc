"""The last step of a conversion: plan the model for the board, or print why it does not fit.

python convert.py MODEL BUDGET OUT [PERCENT] [--accept]

The folder OUT gets the planned model, the plan, a C header for the planned model, a page, and for a board with several
memories the planner that the firmware needs. The first run keeps its
plan as the baseline; only --accept replaces it, so that small growths add up. The exit code is 0 if the model fits, 1
if it does not, or if a memory needs more than PERCENT above the baseline, and 4 if the search ended without an answer.
Unless it is 0, nothing is written.
"""

import argparse
import sys
import warnings
from pathlib import Path

import tmpass

TARGET = "tflm-nrf52840"


def convert(model: Path) -> Path:
    """The path of the converted model; a real script runs its converter: `path.write_bytes(converter.convert())`."""
    return model


def grew(plan: tmpass.Plan, baseline: Path, name: str, most: float) -> bool:
    """Whether a memory needs above `most` percent more than in the plan `baseline`; the growth of each is printed."""
    found = False
    for memory in tmpass.diff(tmpass.parse_plan(baseline.read_text(), str(baseline)), plan).memories:
        needed = memory.needed or memory.peak
        print(f"{name}, {memory.name}: {needed.growth:+d} B since the baseline")
        if needed.new > needed.old * (1 + most / 100):
            print(f"{name}, {memory.name}: grew by more than {most:g} %; --accept allows it", file=sys.stderr)
            found = True
    return found


def main(model: Path, budget: str, out: Path, most: float, *, accept: bool = False) -> int:
    """Plan `model` within `budget` bytes, and write the results to `out`, if no memory grew by above `most` percent."""
    converted = convert(model)
    try:
        plan = tmpass.plan(converted, target=TARGET, budget=budget, transfers="never")  # a model has one place each
    except tmpass.TmpassError as error:  # an option, or a model that cannot be planned
        print(error, file=sys.stderr)
        return error.exit_code
    for line in plan.warnings:
        print(f"{model}: warning: {line}", file=sys.stderr)
    if not plan.fits:
        print(tmpass.explain(converted, TARGET, budget=budget).summary(), end="", file=sys.stderr)
        return 4 if plan.status == "unknown" else 1

    name = model.stem
    baseline = out / f"{name}.baseline.json"
    if not accept and baseline.exists() and grew(plan, baseline, name, most):
        return 1
    out.mkdir(parents=True, exist_ok=True)
    planned = out / f"{name}{model.suffix}"
    with warnings.catch_warnings():  # of a planner that is needed: it is written below
        warnings.simplefilter("ignore", UserWarning)
        planned.write_bytes(tmpass.planned_model(plan, converted))
    carried = tmpass.carried_plan(planned)  # the header has the SHA-256 and the bytes of this file, which is in flash
    assert carried is not None
    results = {".plan.json": plan.to_json(), ".html": plan.emit("html"), ".h": carried.emit("c")}
    if any(
        buffer.memory != plan.memories[0].name for buffer in plan.buffers
    ):  # the file has offsets for the first only
        results[".planner.h"] = carried.emit("tflm-planner")
    if accept or not baseline.exists():
        results[".baseline.json"] = plan.to_json()
    for suffix, text in results.items():
        (out / f"{name}{suffix}").write_text(text)
    needed = plan.memories[0].needed  # buffers, and what the runtime keeps in the arena beside them
    print(f"{name}: {needed} B of {plan.memories[0].capacity}, {plan.status}")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("budget", help="as 192KiB")
    parser.add_argument("out", type=Path)
    parser.add_argument("percent", type=float, nargs="?", default=0.0, help="by which a memory may grow")
    parser.add_argument("--accept", action="store_true", help="make the new plan the baseline")
    given = parser.parse_args()
    sys.exit(main(given.model, given.budget, given.out, given.percent, accept=given.accept))
