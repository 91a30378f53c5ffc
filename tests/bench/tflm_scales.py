"""Holds what is known of scales and constants that TensorFlow Lite Micro refuses against the interpreter.

python tests/bench/tflm_scales.py            all kinds: models that run and are refused, and the other way round
python tests/bench/tflm_scales.py SOFTMAX    one kind
"""

import sys
from collections import Counter
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parents[2] / "models")]

from support.scaled_operators import run_each, scaled_models

from tmpass.loading.load import load_to_plan
from tmpass.targets import find_not_run, load_target


def refused(data: bytes) -> list[str]:
    """The faults of a model that are known."""
    graph = load_to_plan(data, {}).graph
    return [fault.text for _, _, fault in find_not_run(graph, load_target("tflm")) if fault.known]


if __name__ == "__main__":
    kinds = frozenset(sys.argv[1:]) or None
    counts = Counter[tuple[str, bool]]()
    for dtype in ("INT8", "INT16", "FLOAT32"):
        for name, ((_, whole), *changed) in scaled_models(dtype, kinds):
            if not run_each([whole])[0]:
                continue
            for (how, data), real in zip(changed, run_each([data for _, data in changed]), strict=True):
                said = refused(data)
                counts["refused" if said else "taken", real] += 1
                if bool(said) == real:
                    print(name, how, said, real, sep="; ")
    for (said_so, real), count in sorted(counts.items()):
        print(f"{said_so}, {'runs' if real else 'does not run'}: {count}")
