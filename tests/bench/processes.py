"""Times of whole processes: median, least and most over several runs, and the most memory."""

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Timing:
    """Wall seconds and peak resident memory in MiB of one command."""

    median: float
    least: float
    most: float
    peak_mib: float

    def __str__(self) -> str:
        return f"{self.median:.3f} s ({self.least:.3f} .. {self.most:.3f}), {self.peak_mib:.0f} MiB"


def tmpass_command(*arguments: str) -> list[str]:
    """The installed command, from the environment of this interpreter."""
    return [str(Path(sys.executable).parent / "tmpass"), *arguments]


def measure(command: list[str], runs: int = 9) -> Timing:
    """Run `command` once to warm up and then `runs` times, its output thrown away; the exit code is ignored."""
    walls, peak = [], 0.0
    for run in range(runs + 1):
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if run:
            walls.append(time.perf_counter() - begin)
            peak = max(peak, usage.ru_maxrss / 1024)
    return Timing(statistics.median(walls), min(walls), max(walls), peak)
