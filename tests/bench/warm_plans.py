"""CPU time of planning a model again and again in one process, stage by stage, with the garbage collector and without.

    python tests/bench/warm_plans.py MODEL... --target pixel6-tpu
    python tests/bench/warm_plans.py --operators 100000 --target litert-cpu --runs 3

Each number is the least of many runs, in milliseconds. A stage in brackets is a part of the one before. The operating
system's cache holds the file. `--operators` plans the net of large_graph.py, as TFLite.
"""

import argparse
import gc
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from large_graph import tflite_bytes

from tmpass.api import plan as api
from tmpass.planning import choose_order, layout, plan_model

STAGES: tuple[tuple[Any, str, str], ...] = (
    (api, "load_to_plan", "read"),
    (api, "plan_model", "plan"),
    (layout, "allocate", "(pack)"),
    (choose_order, "_best_order", "(orders)"),
    (plan_model, "memory_rows", "(memories)"),
    (plan_model, "assemble", "(rows)"),
    (api, "check_plan", "verify"),
)
"""Where a stage is called, its name there, and its title."""


def main() -> None:
    """Print a line for each model, with the collector and without."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--operators", type=int, nargs="*", default=[])
    parser.add_argument("--target", default="pixel6-tpu")
    parser.add_argument("--runs", type=int, default=15)
    arguments = parser.parse_args()
    spent: dict[str, float] = {}
    for module, name, title in STAGES:
        setattr(module, name, _timed(getattr(module, name), title, spent))
    with _nets(arguments.operators) as nets:
        for model in [*arguments.models, *nets]:
            for collects in (True, False):
                (gc.enable if collects else gc.disable)()
                found = _least(lambda model=model: api.plan(model, arguments.target), spent, arguments.runs)
                texts = [f"{title} {1000 * seconds:.1f}" for title, seconds in found.items()]
                print(f"{model}, {'with' if collects else 'without'} collector: {', '.join(texts)} ms", flush=True)
                gc.enable()


@contextmanager
def _nets(counts: list[int]) -> Iterator[list[str]]:
    """Yield the files of nets with these numbers of operators."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"net{count}.tflite" for count in counts]
        for path, count in zip(paths, counts, strict=True):
            path.write_bytes(tflite_bytes(count))
        yield [str(path) for path in paths]


def _timed(stage: Callable[..., Any], title: str, spent: dict[str, float]) -> Callable[..., Any]:
    """`stage`, which adds its CPU time to `spent`."""

    def timed(*arguments: Any, **options: Any) -> Any:
        began = time.process_time()
        try:
            return stage(*arguments, **options)
        finally:
            spent[title] = spent.get(title, 0.0) + time.process_time() - began

    return timed


def _least(run: Callable[[], Any], spent: dict[str, float], runs: int) -> dict[str, float]:
    """The least CPU time of each stage and of the whole, in seconds."""
    least: dict[str, float] = {}
    run()  # imports
    for _ in range(runs):
        spent.clear()
        began = time.process_time()
        run()
        spent["all"] = time.process_time() - began
        for title in (*(title for _, _, title in STAGES), "all"):
            least[title] = min(spent.get(title, 0.0), least.get(title, float("inf")))
    return least


if __name__ == "__main__":
    main()
