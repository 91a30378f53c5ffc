"""Holds what is known of the kernels of TensorFlow Lite Micro against the interpreter.

python tests/bench/tflm_kernels.py ../shared            the TFLite models below a folder: which run, and what plans say
python tests/bench/tflm_kernels.py --operators          models of one operator, in each type
"""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parents[2] / "models")]

from support.kernel_runs import RUNS, why_not
from support.shared import tflite_bindings
from support.typed_operators import typed_models
from table import Table

from tmpass.base.errors import TmpassError
from tmpass.loading.load import load_to_plan
from tmpass.targets import find_not_run, load_target

HEADER = ("in the interpreter", "fits as far as kernels are known", "only with kernels of one's own", "does not run")
WORDS = ("kernel", "other fault")


def told(data: bytes, bindings: dict[str, int]) -> str | None:
    """One of the last three columns of HEADER; None where the model cannot be read."""
    try:
        graph = load_to_plan(data, bindings).graph
        faults = list(find_not_run(graph, load_target("tflm")))
    except (TmpassError, IndexError):
        return None
    if graph.resized or any(fault.known for _, _, fault in faults):  # the first is an error of `plan`
        return HEADER[3]
    return HEADER[2] if faults else HEADER[1]


def models(folder: Path) -> Iterator[tuple[str, bytes, dict[str, int]]]:
    """The TFLite files below `folder`."""
    for path in sorted(folder.rglob("*.tflite")):
        yield path.name, path.read_bytes(), tflite_bindings(path)


def table(named: Iterator[tuple[str, bytes, dict[str, int]]]) -> tuple[Table, list[str]]:
    """The counts, and the models for which plans and interpreter differ."""
    counts, differing = Counter[tuple[str, str]](), list[str]()
    for name, data, bindings in named:
        answer = told(data, bindings)
        if answer is None:
            continue
        real = why_not(data)
        group = (
            RUNS if real == RUNS else "refuses an operator or a type" if real.startswith(WORDS[0]) else "other fault"
        )
        counts[group, answer] += 1
        if (group == RUNS) != (answer == HEADER[1]):
            differing.append(f"{name}: {answer}; {real}")
    groups = sorted({group for group, _ in counts}, key=lambda group: group != RUNS)
    rows = tuple((group, *(counts[group, answer] for answer in HEADER[1:])) for group in groups)
    return Table("tflm-kernels", HEADER, rows, f"{sum(counts.values())} models."), differing


if __name__ == "__main__":
    given = sys.argv[1]
    single = ((name, data, {}) for name, data in typed_models())
    counted, others = table(single if given == "--operators" else models(Path(given)))
    print(counted.markdown())
    print(*others, sep="\n")
