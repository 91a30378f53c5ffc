"""The table of docs/split.md of ONNX models: planned, split, and run in ONNX Runtime and in the planned bytes.

python tests/bench/split_table_onnx.py ../shared/models/onnx [names]

Models whose weights are in other files, or are one number, get drawn ones. The target is split_onnx.toml: one memory
without an end.
"""

import sys
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parents[2] / "models")]

from support.onnx_sessions import Values, common_names, drawn_inputs, largest_difference, run_onnx, unequal
from support.onnx_weights import with_weights
from table import Table

import tmpass
from tmpass.base.errors import TmpassError

TARGET = str(Path(__file__).with_name("split_onnx.toml"))
HEADER = (
    "model", "planned", "split", "change", "MACs", "operators", "s", "tensors", "as it is", "optimised",
    "in the planned bytes", "stages",
)  # fmt: skip
RUNS = 3


def row(path: Path) -> tuple[str | int, ...]:
    """The figures of one model."""
    try:
        model = with_weights(path.read_bytes())
        start = time.process_time()
        made = tmpass.split(model, TARGET)
    except TmpassError as error:
        return (path.stem, *"-" * (len(HEADER) - 2), str(error).partition(": ")[2].partition("; ")[0])
    took = time.process_time() - start
    before, after = made.before.memories[0].needed, made.plan.memories[0].needed
    figures = (
        path.stem, before, after, f"{100 * (after - before) / max(1, before):+.1f} %",
        f"x{made.macs[0] / made.macs[1] if made.macs[1] else 1:.3f}", f"{made.operators[1]} -> {made.operators[0]}",
        f"{took:.1f}",
    )  # fmt: skip
    if not made.changed:
        return (*figures, 0, "-", "-", "-", "-")
    names = common_names(model, made.data)
    ran = [_compared(model, made.data, names, optimised=optimised) for optimised in (False, True)]
    faults = tmpass.execute(made.plan, made.data).violations
    stages = ", ".join(f"{s.operators} x {s.parts} {s.along}" for s in made.stages)
    return (*figures, len(names), *ran, f"NO: {faults[0].message}" if faults else "yes", stages or "-")


def _compared(model: bytes, split: bytes, names: list[str], *, optimised: bool) -> str:
    """How the tensors that both models compute compare in ONNX Runtime, on several inputs."""
    worst, outputs = 0.0, True
    ends = _outputs(model)
    for seed in range(RUNS):
        inputs: Values = drawn_inputs(model, seed)
        before, after = (run_onnx(data, [*names], inputs, optimised=optimised) for data in (model, split))
        different = unequal(before, after)
        outputs = outputs and not ends & set(different)
        worst = max(worst, largest_difference({name: before[name] for name in different}, after))
    if not worst:
        return "equal"
    return f"{'outputs equal, ' if outputs else ''}{worst:.1g}"


def _outputs(model: bytes) -> set[str]:
    from onnx import load_model_from_string

    return {value.name for value in load_model_from_string(model).graph.output}


def table(folder: Path, names: list[str]) -> Table:
    """The table of all models in `folder`, or of some."""
    rows = []
    for path in sorted(folder.glob("*.onnx")):
        if not names or path.stem in names:
            rows.append(row(path))
            print(*rows[-1], file=sys.stderr, flush=True)
    larger = sum(isinstance(one[1], int) and int(one[2]) > one[1] for one in rows)
    refused = sum(one[1] == "-" for one in rows)
    changed = [one for one in rows if one[8] not in ("-",)]
    equal = sum(str(one[8]).startswith(("equal", "outputs equal")) for one in changed)
    note = (
        f"Of {len(rows)} models {refused} are refused, {larger} need more bytes than before, and {len(changed)} are "
        f"split; {equal} of these have equal outputs in ONNX Runtime without optimisations."
    )
    return Table("split-onnx", HEADER, tuple(rows), note)


if __name__ == "__main__":
    print(table(Path(sys.argv[1]), sys.argv[2:]).markdown())
