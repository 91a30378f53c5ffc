"""Holds the predicted arenas of TensorFlow Lite Micro against the interpreter.

python tests/bench/tflm_arena.py ../shared/models/tflite [number of drawn models]
"""

import sys
from collections.abc import Iterator
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parents[2] / "models")]

from support.interpreters import ROOM, least_arena, run_tflm, tflm_used
from support.shared import tflite_bindings
from support.tflm_models import drawn_model
from table import Table

import tmpass
from tmpass.base.errors import TmpassError
from tmpass.loading.load import load_to_plan
from tmpass.targets.tail import load_rules, predict

HEADER = (
    "model", "tail", "predicted", "planned head", "head", "least arena", "predicted", "own head", "least arena",
    "predicted",
)  # fmt: skip


def row(name: str, model: bytes, bindings: dict[str, int]) -> tuple[str | int, ...] | None:
    """The figures of one model; None where the interpreter does not run it, or it cannot be planned.

    Raises:
        AssertionError: a prediction has unknown kinds.
    """
    rules = load_rules("tflm")
    try:
        head, _ = tflm_used(model)
        plan = tmpass.plan(model, "tflm", bind=bindings)
        planned = tmpass.planned_model(plan, model)
        after, planned_tail = tflm_used(planned)
        before, after_plan = (predict(load_to_plan(one, bindings).graph, rules) for one in (model, planned))
        run_tflm(model, runs=1)
    except TmpassError:
        return None
    peak = plan.memories[0].peak
    if before.unknown:
        raise AssertionError(f"{name}: unknown {before.unknown}")
    least, least_planned = least_arena(model, head), least_arena(planned, after)
    return (
        name, planned_tail, after_plan.total, peak, after, least_planned, after_plan.arena(peak),
        head, least, before.arena(head),
    )  # fmt: skip


def models(folder: Path, drawn: int) -> Iterator[tuple[str, bytes, dict[str, int]]]:
    """The models of `folder`, and as many drawn ones."""
    for path in sorted(folder.glob("*.tflite")):
        if path.stat().st_size < ROOM:
            yield path.name, path.read_bytes(), tflite_bindings(path)
    for seed in range(drawn):
        yield f"drawn {seed}", drawn_model(seed), {}


def table(folder: Path, drawn: int = 0) -> Table:
    """The table of all models, and below it the worst of them."""
    rows = [found for given in models(folder, drawn) if (found := row(*given)) is not None]
    pairs = [(int(figures[n]), int(figures[n + 1])) for figures in rows for n in (5, 8)]
    low = sum(predicted < real for real, predicted in pairs)
    most = max((predicted - real for real, predicted in pairs), default=0)
    equal = sum(predicted == real for real, predicted in pairs)
    higher = sum(int(figures[4]) > int(figures[3]) for figures in rows)
    note = f"Of {len(pairs)} arenas {low} are predicted too small, {equal} exactly; the largest excess is {most} bytes."
    note += f" {higher} heads are higher than planned."
    shown = tuple(figures for figures in rows if not str(figures[0]).startswith("drawn"))
    if drawn:
        note += f" {len(rows) - len(shown)} drawn models count and are not shown."
    return Table("tflm-arena", HEADER, shown, note)


if __name__ == "__main__":
    print(table(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0).markdown())
