"""Counts drawn splits that are equal bit for bit: in the own reference, in interpreters, and for the structural check.

python tests/bench/split_draws.py [number of splits] [first seed]
"""

import random
import sys
from collections import Counter
from functools import partial
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parents[2] / "models")]

from support.interpreters import run_litert, run_tflm
from support.split_draws import differences, drawn_splits, folded
from support.split_models import drawn_split_model
from support.split_reference import Reference

import tmpass
from tmpass.base.errors import ModelError

TYPES = ("INT8", "INT8", "INT16", "UINT8", "FLOAT32")
RUN_EACH = 8
"""One split of this many runs in the interpreters as well, which take a process each."""


def count(splits: int, seed: int = 0) -> Counter[str]:
    """What came of as many splits."""
    found: Counter[str] = Counter()
    while found["splits"] < splits:
        dtype = TYPES[seed % len(TYPES)]
        model, rng = drawn_split_model(seed, dtype), random.Random(seed)
        base = folded(model) if rng.random() < 0.5 else model
        before = Reference(model)
        values = before.run(before.inputs(seed))
        for stages, made in drawn_splits(base, rng, 6):
            found["splits"] += 1
            found[dtype] += 1
            wrong = differences(model, made, seed, values)
            checked = tmpass.verify_split(made, model)
            found["equal in the reference"] += not wrong
            found["proved"] += not checked
            if wrong or checked:
                print(f"seed {seed} {dtype}: {stages}: {wrong} {[v.message for v in checked]}", flush=True)
            if found["splits"] % RUN_EACH == 0:
                _run(model, made, dtype, found, seed)
        seed += 1
    return found


def _run(model: bytes, made: bytes, dtype: str, found: Counter[str], seed: int) -> None:
    for name, run in (("tflm", run_tflm), ("litert", partial(run_litert, reference=True))):
        try:
            before = run(model)
        except ModelError:
            continue
        found[f"{name} ran"] += 1
        try:
            equal = run(made).outputs == before.outputs
        except ModelError as error:
            print(f"seed {seed} {dtype} {name}: {error}", flush=True)
            continue
        found[f"{name} equal"] += equal
        if not equal:
            print(f"seed {seed} {dtype}: differs in {name}", flush=True)


if __name__ == "__main__":
    for name, number in count(*map(int, sys.argv[1:])).items():
        print(f"{name:24} {number}")
