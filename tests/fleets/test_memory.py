"""A model that takes all memory: the kernel ends its process, which is a row, and every other row is there."""

import os
import subprocess
import sys

import pytest
from support.memory_group import memory_group

import tmpass
from tmpass.fleets.fleet import Means
from tmpass.fleets.outputs import jsonl

_SCRIPT = """
import sys
from pathlib import Path
import tmpass
from tmpass.fleets.outputs import jsonl
found = tmpass.fleet(sys.argv[2:], "tflm", means=tmpass.Means(jobs=2, retries=1))
Path(sys.argv[1]).write_text(jsonl.emit(found.rows))
"""


def limited(group, line, paths, out):
    """The rows of a fleet in a process of its own, which is in `group` or has the limits of the shell's `line`."""
    enter = f"echo $$ > {group}/cgroup.procs && " if group is not None else ""
    command = ["/bin/sh", "-c", f'{enter}{line}exec "$0" "$@"', sys.executable, "-c", _SCRIPT, str(out), *paths]
    subprocess.run(command, check=True, timeout=300, capture_output=True, env=os.environ)
    return jsonl.read(out.read_text(), "rows")


@pytest.mark.runtime
@pytest.mark.skipif(sys.platform != "linux", reason="control groups are of Linux")
def test_a_worker_that_the_kernel_ends_for_want_of_memory_is_a_row(zoo, harmful, tmp_path):
    paths = [str(zoo / "a.tflite"), harmful("gorge", "gorge"), str(zoo / "b.tflite")]
    with memory_group(500 << 20) as group:
        rows = limited(group, "", paths, tmp_path / "rows.jsonl")
    assert [row.code for row in rows] == [0, 70, 0]
    assert rows[1].error.startswith("the process that planned it ended 2 times without an answer")
    assert (rows[0], rows[2]) == tmpass.fleet(paths[::2], "tflm", means=Means(jobs=1)).rows


@pytest.mark.skipif(sys.platform != "linux", reason="it limits the memory of a process")
def test_a_worker_with_a_limit_of_addresses_is_a_row(zoo, harmful, tmp_path):
    paths = [str(zoo / "a.tflite"), harmful("gorge", "gorge"), str(zoo / "b.tflite")]
    rows = limited(None, "ulimit -v 1000000; ", paths, tmp_path / "rows.jsonl")
    assert [row.code for row in rows] == [0, 3, 0]
    assert rows[1].error == "not enough memory"
