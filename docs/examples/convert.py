"""The last step of a conversion: plan the model for the board, or print why it does not fit.

python convert.py MODEL BUDGET OUT [PERCENT]

The folder OUT gets the planned model, the plan, a C header for the firmware, and a page. The exit code is 0 if the
model fits, 1 if it does not, or if a memory needs more than PERCENT above the last time, and 4 if the search ended
without an answer; then nothing is written.
"""

import argparse
import sys
from pathlib import Path

import tmpass

TARGET = "tflm-nrf52840"


def convert(model: Path) -> Path:
    """The path of the converted model; a real script runs its converter: `path.write_bytes(converter.convert())`."""
    return model


def main(model: Path, budget: str, out: Path, most: float) -> int:
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

    out.mkdir(parents=True, exist_ok=True)
    name = model.stem
    old = out / f"{name}.plan.json"
    if old.exists():  # the growth of each memory since the last run
        changed = tmpass.diff(tmpass.parse_plan(old.read_text(), str(old)), plan)
        for memory in changed.memories:
            grown = memory.needed or memory.peak
            print(f"{name}, {memory.name}: {grown.growth:+d} B since the last time")
            if grown.new > grown.old * (1 + most / 100):
                print(f"{name}, {memory.name}: grew by more than {most:g} %", file=sys.stderr)
                return 1
    (out / f"{name}{model.suffix}").write_bytes(tmpass.planned_model(plan, converted))
    old.write_text(plan.to_json())
    for form, suffix in (("c", ".h"), ("html", ".html")):
        (out / f"{name}{suffix}").write_text(plan.emit(form))
    needed = plan.memories[0].needed  # buffers, and what the runtime keeps in the arena beside them
    print(f"{name}: {needed} B of {plan.memories[0].capacity}, {plan.status}")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("budget", help="as 192KiB")
    parser.add_argument("out", type=Path)
    parser.add_argument("percent", type=float, nargs="?", default=0.0, help="by which a memory may grow")
    given = parser.parse_args()
    sys.exit(main(given.model, given.budget, given.out, given.percent))
