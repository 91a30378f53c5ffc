"""Counts drawn splits of ONNX models: equal in ONNX Runtime, close in 64-bit floats, and proved by the check.

python tests/bench/split_draws_onnx.py [number of splits] [first seed]
"""

import random
import sys
from collections import Counter
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parents[2] / "models")]

import numpy as np
from support.onnx_sessions import (
    Values,
    common_names,
    drawn_inputs,
    largest_difference,
    run_doubles,
    run_onnx,
    unequal,
)
from support.onnx_split_models import drawn_onnx_model
from support.split_draws import drawn_splits, folded

import tmpass
from tmpass.loading.load import load_to_plan

ROUNDING = 1e-12
"""The largest difference of two 64-bit results of the same sum in another order, as a part of the largest number."""


class Count:
    """What came of drawn splits.

    Fields:
        found: how many, by what.
        worst: the largest difference of 32-bit results of a split, and of 64-bit ones.
    """

    def __init__(self) -> None:
        self.found: Counter[str] = Counter()
        self.worst = [0.0, 0.0]

    def run(self, splits: int, seed: int) -> None:
        """Draw models from `seed` on until there are as many splits."""
        while self.found["splits"] < splits:
            integers = seed % 2 == 0
            model, rng = drawn_onnx_model(seed, integers=integers), random.Random(seed)
            if not _runs(model, seed):
                seed += 1
                continue
            base = folded(model) if rng.random() < 0.5 else model
            for stages, made in drawn_splits(base, rng, 6):
                self._one(model, made, seed, "integers" if integers else "floats", stages)
            seed += 1

    def _one(self, model: bytes, made: bytes, seed: int, kind: str, stages: object) -> None:
        self.found["splits"] += 1
        faults = tmpass.verify_split(made, model)
        self.found["proved"] += not faults
        if faults:
            print(f"seed {seed}: {stages}: {faults[0].message}", flush=True)
        names, inputs = common_names(model, made), drawn_inputs(model, seed)
        for optimised in (False, True):
            before = run_onnx(model, names, inputs, optimised=optimised)
            try:
                after = run_onnx(made, names, inputs, optimised=optimised)
            except Exception as error:
                self.found[f"{kind}, {'optimised' if optimised else 'as they are'}: refused by ONNX Runtime"] += 1
                print(f"seed {seed}: {stages}: {str(error)[:200]}", flush=True)
                continue
            equal = not unequal(before, after)
            self.found[f"{kind}, {'optimised' if optimised else 'as they are'}: ran"] += 1
            self.found[f"{kind}, {'optimised' if optimised else 'as they are'}: equal"] += equal
            if not equal and kind == "integers" and not optimised:
                print(f"seed {seed}: {stages}: {unequal(before, after)}", flush=True)
            if kind == "floats":
                self.worst[0] = max(self.worst[0], largest_difference(before, after))
                if not optimised:
                    self._doubles(model, made, names, inputs, before, f"seed {seed}: {stages}")

    def _doubles(self, model: bytes, made: bytes, names: list[str], inputs: Values, single: Values, title: str) -> None:
        """Compare in 64-bit floats, where the evaluator computes the original as ONNX Runtime does."""
        try:
            with np.errstate(all="ignore"):
                before = run_doubles(model, names, inputs)
                alike = largest_difference(before, single) < 1e-3
                after = run_doubles(made, names, inputs) if alike else before
        except Exception:  # it does not know all attributes of pooling
            alike = False
        self.found["64-bit floats: not known"] += not alike
        if not alike:
            return
        if any(after[name].shape != before[name].shape for name in names):
            self.found["64-bit floats: other shapes"] += 1
            print(f"{title}: the evaluator gives other shapes than those of the original", flush=True)
            return
        worst = largest_difference(before, after)
        self.worst[1] = max(self.worst[1], worst)
        self.found["64-bit floats: ran"] += 1
        self.found["64-bit floats: close"] += worst < ROUNDING
        if worst >= ROUNDING:
            print(f"{title}: differs by {worst} in 64-bit floats", flush=True)


def _runs(model: bytes, seed: int) -> bool:
    """Whether ONNX Runtime takes a drawn model, with the shapes that ONNX gives its tensors.

    The two count windows of pooling differently that begin behind the end.
    """
    shapes = {t.name: t.shape for t in load_to_plan(model, {}).graph.subgraphs[0].tensors}
    names = common_names(model, model)
    try:
        values = run_onnx(model, names, drawn_inputs(model, seed))
    except Exception:
        return False
    return all(value.shape == shapes.get(name, value.shape) for name, value in values.items())


if __name__ == "__main__":
    counted = Count()
    counted.run(int(sys.argv[1]) if len(sys.argv) > 1 else 2000, int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    for name, number in counted.found.items():
        print(f"{name:34} {number}")
    print(f"largest difference of 32-bit floats {counted.worst[0]:.2g}, of 64-bit floats {counted.worst[1]:.2g}")
