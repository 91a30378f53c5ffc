"""Ctrl-C while an allocator works."""

import subprocess
import sys
from pathlib import Path

_SCRIPT = """
import signal, threading, time
from support.families import guillotine
from tmpass.packing.allocators import interruptible, allocator_named, Goal
run = interruptible.run

def watched(solve, stop):
    threading.Timer(0.5, signal.raise_signal, [signal.SIGINT]).start()
    return run(solve, stop)

solver = allocator_named({name!r})
solver.run = watched
found = solver.solve({problem}, Goal(0, True, 2**50))
assert found.offsets
print(found.stopped)
"""


def is_stopped(name: str, problem: str) -> bool:
    """Return whether the answer to Ctrl-C, half a second after the solver began, says that it was stopped."""
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT.format(name=name, problem=problem)],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout == "True\n"
