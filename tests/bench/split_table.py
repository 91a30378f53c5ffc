"""The table of docs/split.md: each model that TensorFlow Lite Micro runs, planned, and split and planned.

python tests/bench/split_table.py ../shared/models/tflite [names]
python tests/bench/split_table.py --integer-ends ../shared/models/tflite mcunet_vww
"""

import sys
import time
from importlib import import_module
from pathlib import Path
from statistics import median

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parents[2] / "models")]

from support import interpreters
from support.integer_ends import with_integer_ends
from support.interpreters import ROOM, _feed, least_arena, run_litert, run_tflm, tflm_used
from support.split_cuts import common_tensors, with_outputs
from table import Table
from tmpass.frontends.isolate import call_apart

import tmpass
from tmpass.base.errors import ModelError, TmpassError
from tmpass.loading.carrier import load_carrier, open_carrier

RUNS = 20
HEADER = (
    "model", "planned", "split", "change", "MACs", "operators", "ms", "ms split", "s", "cuts", "equal", "stages",
)  # fmt: skip


def row(name: str, model: bytes) -> tuple[str | int, ...] | None:
    """The figures of one model; None where the interpreter does not run it."""
    try:
        run_tflm(model, 1)
    except ModelError:
        return None
    start = time.process_time()
    try:
        made = tmpass.split(model, "tflm")
    except TmpassError as error:
        return (
            name,
            "-",
            "-",
            "-",
            "-",
            "-",
            "-",
            "-",
            "-",
            "-",
            "-",
            str(error).partition("; ")[0].removeprefix("<memory>.tflite: "),
        )
    took = time.process_time() - start
    planned = [tmpass.planned_model(plan, data) for plan, data in ((made.before, model), (made.plan, made.data))]
    least = [least_arena(one, tflm_used(one)[0]) for one in planned]
    assert least == [made.before.memories[0].needed, made.plan.memories[0].needed], (name, least)
    cuts = common_tensors(model, made.data) if made.changed else []
    equal = not made.changed or _equal(model, made.data, planned[1], cuts)
    rounds = [[call_apart(_seconds, one, package="tflite-micro", size=1 << 30) for one in planned] for _ in range(4)]
    times = [min(found) for found in zip(*rounds, strict=True)]
    stages = ", ".join(f"{s.operators} x {s.parts} {s.along}" for s in made.stages)
    return (
        name, least[0], least[1], f"{100 * (least[1] - least[0]) / least[0]:+.1f} %",
        f"x{made.macs[0] / made.macs[1] if made.macs[1] else 1:.3f}", f"{made.operators[1]} -> {made.operators[0]}",
        f"{1000 * times[0]:.2f}", f"{1000 * times[1]:.2f}", f"{took:.1f}", len(cuts), "yes" if equal else "NO",
        stages or "-",
    )  # fmt: skip


def _equal(model: bytes, split: bytes, planned: bytes, cuts: list[str]) -> bool:
    """Whether outputs are equal, and the tensors that both models compute, in both interpreters."""
    one, other = (run_tflm(with_outputs(data, cuts), RUNS).outputs for data in (model, split))
    ends = len(other[0]) - len(cuts)
    again = run_tflm(planned, RUNS).outputs
    return one == other and again == tuple(run[:ends] for run in other) and _litert(model, split)


def _litert(model: bytes, split: bytes) -> bool:
    """Whether the reference kernels of LiteRT give the same outputs, or do not run the model."""
    try:
        before = run_litert(model, RUNS, reference=True)
    except ModelError:
        return True
    return run_litert(split, RUNS, reference=True).outputs == before.outputs


def _seconds(model: bytes) -> float:
    """The median processor time of a run. In a process with a limit on it, only that of a thread is not in ticks."""
    interpreter = import_module("tflite_micro").runtime.Interpreter.from_bytes(model, arena_size=ROOM)
    _feed(interpreter, len(load_carrier(open_carrier(model), {}).graph.subgraphs[0].inputs), 0)
    took, end = list[float](), time.thread_time() + 1
    while time.thread_time() < end:
        start = time.thread_time()
        interpreter.invoke()
        took.append(time.thread_time() - start)
    return median(took)


def table(folder: Path, names: list[str], *, integers: bool = False) -> Table:
    """The table of all models in `folder`, or of some; with `integers` without the QUANTIZE and DEQUANTIZE at ends."""
    paths = [path for path in sorted(folder.glob("*.tflite")) if not names or path.stem in names]
    rows = []
    for path in paths:
        model = with_integer_ends(path) if integers else open_carrier(path).data
        found = row(f"{path.stem}, integer ends" if integers else path.stem, model)
        if found is not None:
            rows.append(found)
            print(*found, file=sys.stderr, flush=True)
    larger = sum(isinstance(one[1], int) and int(one[2]) > one[1] for one in rows)
    wrong = sum(one[10] == "NO" for one in rows)
    note = f"Of {len(rows)} models {larger} need more bytes than before, and {wrong} give other outputs."
    return Table("split", HEADER, tuple(rows), note)


if __name__ == "__main__":
    interpreters.PATIENCE = 3600  # twenty runs of a large model
    words = [word for word in sys.argv[1:] if word != "--integer-ends"]
    print(table(Path(words[0]), words[1:], integers="--integer-ends" in sys.argv).markdown())
