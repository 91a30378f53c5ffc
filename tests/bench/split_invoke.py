"""Processor time of a run in TensorFlow Lite Micro: of a model, and of its splits, in turns.

    python tests/bench/split_invoke.py MODEL.tflite [budget in bytes]...

Without a budget, the split is that with the fewest bytes. Each time is the least of many runs, in milliseconds.
"""

import sys
import time
from importlib import import_module
from pathlib import Path

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
    least = [float("inf")] * len(interpreters)
    end = time.process_time() + SECONDS
    while time.process_time() < end:
        for number, one in enumerate(interpreters):
            start = time.process_time()
            one.invoke()
            least[number] = min(least[number], time.process_time() - start)
    for (plan, _), took in zip(pairs, least, strict=True):
        needed = plan.memories[0].needed
        print(f"{needed} B: {1000 * took:.2f} ms, {100 * (took / least[0] - 1):+.1f} %")


if __name__ == "__main__":
    main()
