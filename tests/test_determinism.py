"""Same input, same bytes out: across processes and hash seeds."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

MODELS = sorted((Path(__file__).parent.parent / "models").glob("*.[to]*"))


def digest(seed: str) -> str:
    code = f"""
import hashlib, tmpass
from tmpass.base.errors import UnknownSizeError
total = hashlib.sha256()
for path in {[str(m) for m in MODELS]}:
    try:
        plan = tmpass.plan(path)
    except UnknownSizeError as error:
        plan = tmpass.plan(path, bind=dict.fromkeys(error.symbols, 4))
    total.update(plan.to_json().encode())
print(total.hexdigest())
"""
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    ).stdout


@pytest.mark.skipif(not MODELS, reason="models/ is empty")
def test_plans_do_not_depend_on_the_hash_seed():
    assert digest("0") == digest("1") != hashlib.sha256().hexdigest() + "\n"


def test_transfers_do_not_depend_on_the_hash_seed():
    code = """
from planning.residency.transfers.drawn import draw_many
from tmpass.base.choices import SpillOrder
from tmpass.planning.residency.transfers.find_transfers import find_transfers
from tmpass.planning.residency.transfers.methods import METHODS
for problem in draw_many(8, 8, seed=13):
    for method in METHODS:
        print([find_transfers(problem, method, order=order) for order in SpillOrder])
"""
    found = []
    for seed in ("0", "1"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parent)}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
        found.append(done.stdout)
    assert found[0] == found[1] != ""
