"""The last step of a conversion: plan the model for the board, or print why it does not fit.

python convert.py MODEL BUDGET OUT

The folder OUT gets the planned model, the plan, a C header for the firmware, and a page. The exit code is 0 if the
model fits and 1 if it does not; then nothing is written.
"""

import sys
from pathlib import Path

import tmpass

TARGET = "tflm-nrf52840"


def convert(model: Path) -> Path:
    """The path of the converted model; a real script runs its converter: `path.write_bytes(converter.convert())`."""
    return model


def main(model: Path, budget: str, out: Path) -> int:
    """Plan `model` within `budget` bytes, and write the results to `out`."""
    converted = convert(model)
    try:
        plan = tmpass.plan(converted, target=TARGET, budget=budget, transfers="never")  # a model has one place each
    except tmpass.TmpassError as error:  # an option, or a model that cannot be planned
        print(error, file=sys.stderr)
        return error.exit_code
    if not plan.fits:
        print(tmpass.explain(converted, TARGET, budget=budget).summary(), end="", file=sys.stderr)
        return 1

    out.mkdir(parents=True, exist_ok=True)
    name = model.stem
    old = out / f"{name}.plan.json"
    if old.exists():  # the growth of each memory since the last run
        changed = tmpass.diff(tmpass.parse_plan(old.read_text(), str(old)), plan)
        for memory in changed.memories:
            print(f"{memory.name}: {(memory.needed or memory.peak).growth:+d} B since the last time")
    (out / f"{name}.tflite").write_bytes(tmpass.planned_model(plan, converted))
    old.write_text(plan.to_json())
    for form, suffix in (("c", ".h"), ("html", ".html")):
        (out / f"{name}{suffix}").write_text(plan.emit(form))
    print(f"{name}: {plan.peak} B of {plan.memories[0].capacity}, {plan.status}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
