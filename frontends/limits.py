"""What a child process may use: native code of other packages may never end, or fill the memory."""

import math
import os
import signal
import sys
from dataclasses import dataclass

from tmpass.base.errors import UsageError, brief

FACTOR = "TMPASS_CHILD_LIMITS"
"""Environment variable: what all limits are multiplied by; 0 lifts them."""

_MEBI = 1 << 20

_SECONDS, _SECONDS_PER_MEBIBYTE, _MOST_SECONDS = 0.8, 4.0, 300.0
"""Of processor time. Of 386 ONNX models the slowest takes 0.1 s, or 0.4 s for each MiB of its file."""

_MEMORY, _MEMORY_PER_BYTE = 512 * _MEBI, 8
"""Above what the process has when it starts. Models with all weights inside take some three bytes per byte."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds of processor time, seconds on the clock, and bytes of memory above what is there at the start."""

    seconds: float
    wall: float
    memory: int

    def enforce(self) -> None:
        """Hold this process to the limits, as far as its system can: Linux all, Windows none."""
        if sys.platform == "win32":
            return
        import resource

        # A process has used up some already where it was not forked. The timer is exact, and the limit is not lost
        # where native code sets a timer of its own.
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGPROF, signal.SIGXCPU})
        signal.setitimer(signal.ITIMER_PROF, self.seconds)
        usage = resource.getrusage(resource.RUSAGE_SELF)
        _lower(resource.RLIMIT_CPU, math.ceil(usage.ru_utime + usage.ru_stime + self.seconds) + 1)
        _lower(resource.RLIMIT_CORE, 0)
        if os.path.exists("/proc/self/statm"):
            with open("/proc/self/statm", encoding="ascii") as file:
                pages = int(file.read().split()[0])
            _lower(resource.RLIMIT_AS, pages * resource.getpagesize() + self.memory)


def limits_for(size: int) -> Limits | None:
    """The limits for a model of `size` bytes, None where the environment lifts them.

    Raises:
        UsageError: the factor in the environment is not a number.
    """
    text = os.environ.get(FACTOR, "1")
    try:
        factor = float(text)
        if not 0 <= factor <= 1e6:
            raise ValueError
    except ValueError:
        what = f"{FACTOR} is {brief(text)}, which is not a number from 0 to 1000000"
        raise UsageError(what, hint="1 is usual, 10 allows ten times as much, 0 lifts the limits") from None
    if factor == 0:
        return None
    seconds = factor * min(_SECONDS + _SECONDS_PER_MEBIBYTE * size / _MEBI, _MOST_SECONDS)
    # Others may want the processors as well, and then the clock runs faster.
    return Limits(seconds, 10 * seconds + 10, int(factor * (_MEMORY + _MEMORY_PER_BYTE * size)))


def _lower(kind: int, value: int) -> None:
    """Set a limit of the system, which may have a lower one already."""
    import resource

    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, hard))
