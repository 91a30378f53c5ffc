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
