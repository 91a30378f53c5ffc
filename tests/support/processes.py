"""Processes of tests: those below one, and `tmpass fleet` in one of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def processes_of(parent: int) -> list[int]:
    """The ids of all processes below `parent` that run, on Linux."""
    found = subprocess.run(["ps", "-eo", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
    below: dict[int, list[int]] = {}
    for line in found.splitlines():
        pid, above, stat = line.split()[:3]
        if not stat.startswith("Z"):
            below.setdefault(int(above), []).append(int(pid))
    todo, known = [parent], []
    while todo:
        for child in below.get(todo.pop(), []):
            known.append(child)
            todo.append(child)
    return known


@pytest.fixture
def fleet_process():
    """Starts `tmpass fleet` in a process of its own."""
    started = []

    def start(*words: object, cwd: Path) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-m", "tmpass", "fleet", *map(str, words)],
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.wait()
