"""Processor time of a run in TensorFlow Lite Micro: of a model, and of its splits, in turns.

    python tests/bench/split_invoke.py MODEL.tflite [budget in bytes]...

Without a budget, the split is that with the fewest bytes. Each time is the median of many runs, in milliseconds. A run
of the model and one of each split follow each other, and the slowdown is the median over such rounds: other work on the
machine then slows both alike.
"""

import sys
import time
from importlib import import_module
from pathlib import Path
from statistics import median

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parents[2] / "models")]

from support.interpreters import ROOM, _feed

import tmpass
from tmpass.loading.carrier import load_carrier, open_carrier

SECONDS = 20
"""Of processor time for all models together."""


def main() -> None:
    """Print a line for the model, and one for each split."""
    model = Path(sys.argv[1]).read_bytes()
    splits = [tmpass.split(model, "tflm", budget=budget) for budget in (None, *map(int, sys.argv[2:]))]
    whole = tmpass.plan(model, "tflm")
    pairs = [(whole, model), *((tmpass.plan(made.data, "tflm"), made.data) for made in splits)]
    make = import_module("tflite_micro").runtime.Interpreter.from_bytes
    interpreters = [make(tmpass.planned_model(plan, data), arena_size=ROOM) for plan, data in pairs]
    inputs = len(load_carrier(open_carrier(model), {}).graph.subgraphs[0].inputs)
    for one in interpreters:
        _feed(one, inputs, 0)
    took: list[list[float]] = [[] for _ in interpreters]
    end = time.process_time() + SECONDS
    while time.process_time() < end:
        for number, one in enumerate(interpreters):
            start = time.process_time()
            one.invoke()
            took[number].append(time.process_time() - start)
    for (plan, _), times in zip(pairs, took, strict=True):
        slower = median(split / whole for split, whole in zip(times, took[0], strict=True)) - 1
        print(f"{plan.memories[0].needed} B: {1000 * median(times):.2f} ms, {100 * slower:+.1f} %")


if __name__ == "__main__":
    main()
