"""Fuzzing that is guided by coverage, with Atheris where it is installed."""

import gc
import random
import sys
from pathlib import Path
from types import FunctionType

from fuzz.campaign import _keep
from fuzz.once import try_one
from fuzz.targets import Target


def guided(target: Target, runs: int, seed: int, finds: Path) -> int:
    """Let Atheris choose which inputs to change; the exit code. Its own counts are printed by it."""
    try:
        import atheris
    except ImportError:
        print("atheris is not installed: pip install atheris, or leave --engine out", file=sys.stderr)
        return 2
    for data in target.inputs():
        try_one(target, data, seed, 0)  # imports all that is needed
    for made in gc.get_objects():
        if isinstance(made, FunctionType) and (made.__module__ or "").startswith("tmpass."):
            atheris.instrument_func(made)
    folder = finds / f"{target.name}-corpus"
    folder.mkdir(exist_ok=True, parents=True)
    for number, data in enumerate(target.inputs()):
        (folder / f"seed{number}").write_bytes(data)
    found = 0

    def one(data: bytes) -> None:
        nonlocal found
        end = try_one(target, bytes(data), seed, 0)
        if end.find:
            found += 1
            _keep(finds, target, seed, hash(bytes(data)) % 10**9, bytes(data), end, None)

    def change(data: bytes, most: int, number: int) -> bytes:
        rng = random.Random(number)
        return rng.choice(target.ways)(rng, bytes(data))[:most]

    words = [sys.argv[0], f"-runs={runs}", f"-seed={seed + 1}", "-rss_limit_mb=4096", "-timeout=20", str(folder)]
    atheris.Setup(words, one, custom_mutator=change)
    atheris.Fuzz()
    return int(found > 0)
