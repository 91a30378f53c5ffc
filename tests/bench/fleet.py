"""What a fleet takes beyond the plans themselves, for each model, in processor time of the parent and of its worker.

    python tests/bench/fleet.py DIRECTORY [--targets N] [--rounds N]

First all models are read and planned in this process; then a fleet of one worker does the same. Each is done once to
warm it up, and then in turns. Processor time does not depend on what else the machine does. For Linux, which says how
much another process took.
"""

import argparse
import gc
import os
import statistics
import time
from concurrent.futures import Executor
from contextlib import suppress
from pathlib import Path

import tmpass
from tmpass.base.errors import TmpassError
from tmpass.fleets.fleet import Means
from tmpass.fleets.local_pool import LocalPool
from tmpass.loading.load import load_to_plan

TARGETS = ("tflm", "pixel6-tpu", "ethos-u65", "litert-cpu", "ethos-u55", "tflm-nrf52840", "coral-edgetpu", "tpuv4")


def main() -> None:
    """Print the times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--targets", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    models = sorted(path for path in asked.directory.rglob("*") if path.suffix in (".tflite", ".onnx"))
    targets = TARGETS[: asked.targets]
    gc.disable()  # as workers do
    started = time.perf_counter()
    with LocalPool(1) as pool:
        _plan(models[:1], targets, pool)
        start = time.perf_counter() - started
        _plan(models, targets, pool)
        _plan_here(models, targets)
        plain, fleets = [], []
        for _ in range(asked.rounds):
            plain.append(_taken(lambda: _plan_here(models, targets), pool))
            fleets.append(_taken(lambda: _plan(models, targets, pool), pool))
    plans, fleet = statistics.median(plain), statistics.median(fleets)
    beyond = 1000 * (fleet - plans) / len(models)
    print(f"{len(models)} models on {len(targets)} targets; start of the worker {start:.2f} s")
    print(f"plans {plans:.3f} s, fleet {fleet:.3f} s: {beyond:.2f} ms for each model beyond its plans")


def _plan_here(models: list[Path], targets: tuple[str, ...]) -> None:
    """Plan all models, one after another, as a loop of a user does."""
    profiles = [tmpass.load_target(target) for target in targets]
    for path in models:
        with suppress(TmpassError):
            loaded = load_to_plan(path, {})
            for profile in profiles:
                with suppress(TmpassError):
                    tmpass.plan(loaded, profile)
        gc.collect(0)


def _plan(models: list[Path], targets: tuple[str, ...], executor: Executor) -> None:
    tmpass.fleet(models, targets, means=Means(executor=executor, jobs=1))


def _taken(work, pool: LocalPool) -> float:
    """The seconds of processor time of `work` here, in the children of this process, and in the pool with its own."""
    before = _processor(pool)
    work()
    return _processor(pool) - before


def _processor(pool: LocalPool) -> float:
    here, ticks = os.times(), 0
    for process in pool.process_ids:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return here.user + here.system + here.children_user + here.children_system + ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
