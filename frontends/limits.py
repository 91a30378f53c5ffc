"""Limits of a child process, since native code of other packages may never end, or fill the memory."""

import math
import os
import signal
import sys

from tmpass.base.errors import UsageError, brief
from tmpass.base.record import record

FACTOR = "TMPASS_CHILD_LIMITS"
"""Name of the environment variable whose value multiplies all limits; 0 lifts them."""

_MEBI = 1 << 20

_SECONDS, _SECONDS_PER_MEBIBYTE, _MOST_SECONDS = 3.0, 20.0, 900.0
"""Seconds of processor time: the base, the addition for each MiB of the file, and the most.

Of 386 ONNX models the slowest takes 0.1 s, or 0.4 s for each MiB of its file; a chain of 100,000 small operators takes
2.1 s for each MiB. A busy machine took five times that, so the limits leave room for ten times: a limit that is too
low turns a model that can be planned into an error.
"""

_MEMORY, _MEMORY_PER_BYTE = 512 * _MEBI, 8
"""Bytes of memory above those at the start of the child: the base, and the addition for each byte of the file.

Models with all weights inside take about three bytes for each byte of the file.
"""


@record
class Limits:
    """The limits of one child process.

    Fields:
        seconds: of processor time.
        wall: seconds on the clock.
        memory: bytes above those that the process has at its start.
    """

    seconds: float
    wall: float
    memory: int

    def enforce(self) -> None:
        """Set the limits for this process, as far as its system can: all on Linux, none on Windows."""
        if sys.platform == "win32":
            return
        import resource

        # Both a timer and a limit: the timer is exact, and the limit stays where native code sets a timer of its own.
        # A process that was not forked has used some time already.
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
    """The limits for a model of `size` bytes, or None where the environment lifts them.

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
        raise UsageError(what, hint="1 is the default, 10 allows ten times as much, 0 lifts the limits") from None
    if factor == 0:
        return None
    seconds = factor * min(_SECONDS + _SECONDS_PER_MEBIBYTE * size / _MEBI, _MOST_SECONDS)
    # Other processes may use the processors too, and then more time passes on the clock.
    return Limits(seconds, 10 * seconds + 10, int(factor * (_MEMORY + _MEMORY_PER_BYTE * size)))


def _lower(kind: int, value: int) -> None:
    """Set the soft limit `kind` of this process, but never above its hard limit."""
    import resource

    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, hard))
