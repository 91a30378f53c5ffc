"""Texts and digests of values are the same in every process."""

import subprocess
import sys
from dataclasses import replace

import pytest

from tmpass.fleets.canonical import canonical, digest
from tmpass.targets import load_target

SCRIPT = """from tmpass.fleets.canonical import digest
from tmpass.targets import load_target
print(digest(load_target({!r})))"""


@pytest.mark.parametrize("name", ["tflm", "pixel6-tpu"])
def test_a_target_has_one_digest_in_every_process(name):
    done = subprocess.run([sys.executable, "-c", SCRIPT.format(name)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == digest(load_target(name))


def test_what_kernels_take_is_part_of_a_target():
    target = load_target("tflm")
    assert "DEPTHWISE_CONV_2D" in canonical(target.runtime.kernels)
    other = replace(target, runtime=replace(target.runtime, kernels=None))
    assert digest(other) != digest(target) != digest(replace(target, kernels=("ADD",)))
