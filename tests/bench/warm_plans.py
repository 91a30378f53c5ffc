"""CPU time of planning a model again and again in one process, stage by stage, with the garbage collector and without.

    python tests/bench/warm_plans.py MODEL... --target pixel6-tpu

Each number is the least of many runs, in milliseconds. The operating system's cache holds the file.
"""

import argparse
import gc
import time
from collections.abc import Callable
from typing import Any

from tmpass.api import plan as module

STAGES = {"load_to_plan": "read", "plan_model": "plan", "check_plan": "verify"}


def main() -> None:
    """Print a line for each model, with the collector and without."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--target", default="pixel6-tpu")
    parser.add_argument("--runs", type=int, default=15)
    arguments = parser.parse_args()
    spent: dict[str, float] = {}
    for name, title in STAGES.items():
        setattr(module, name, _timed(getattr(module, name), title, spent))
    for model in arguments.models:
        for collects in (True, False):
            (gc.enable if collects else gc.disable)()
            found = _least(lambda model=model: module.plan(model, arguments.target), spent, arguments.runs)
            texts = [f"{title} {1000 * seconds:.1f}" for title, seconds in found.items()]
            print(f"{model}, {'with' if collects else 'without'} collector: {', '.join(texts)} ms", flush=True)
            gc.enable()


def _timed(stage: Callable[..., Any], title: str, spent: dict[str, float]) -> Callable[..., Any]:
    """`stage`, which notes its CPU time in `spent`."""

    def timed(*arguments: Any, **options: Any) -> Any:
        began = time.process_time()
        try:
            return stage(*arguments, **options)
        finally:
            spent[title] = time.process_time() - began

    return timed


def _least(run: Callable[[], Any], spent: dict[str, float], runs: int) -> dict[str, float]:
    """The least CPU time of each stage and of the whole, in seconds."""
    least: dict[str, float] = {}
    run()  # imports
    for _ in range(runs):
        began = time.process_time()
        run()
        for title, seconds in {**spent, "all": time.process_time() - began}.items():
            least[title] = min(seconds, least.get(title, seconds))
    return least


if __name__ == "__main__":
    main()
