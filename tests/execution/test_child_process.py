"""A call in a child process: its result or its error, and no process is left."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tmpass.base.errors import BudgetError, ModelError, UsageError
from tmpass.execution.child_process import POSSIBLE, run_in_child
from tmpass.execution.limits import Limits

pytestmark = pytest.mark.skipif(not POSSIBLE, reason="a fork without an exec is not safe on this system")

LIMITS = Limits(seconds=30)


def apart(function, limits=LIMITS, files=0):
    return run_in_child(function, limits, files, "the engine")


def test_what_it_returns():
    assert apart(lambda: ("some", os.getpid()))[0] == "some"
    assert apart(os.getpid) != os.getpid()


def test_an_answer_larger_than_a_pipe_holds():
    assert len(apart(lambda: b"x" * 3_000_000)) == 3_000_000


def test_errors_for_people_come_as_they_are():
    def refuse():
        raise UsageError("it is wrong", where="here", hint="change it")

    with pytest.raises(UsageError, match=r"^here: it is wrong; change it$"):
        apart(refuse)


def test_accidents_stay_accidents():
    with pytest.raises(RuntimeError, match=r"^IndexError: list index out of range$"):
        apart(lambda: [][0])


@pytest.mark.parametrize(
    ("number", "hint"),
    [(signal.SIGFPE, "it may divide by 0"), (signal.SIGABRT, "raise --execute-bytes"), (signal.SIGSEGV, "report it")],
)
def test_a_crash_is_one_error(number, hint):
    with pytest.raises(ModelError, match=f"the engine itself crashed on this model .signal {int(number)}.*{hint}"):
        apart(lambda: os.kill(os.getpid(), number))


def test_time_that_is_over():
    began = time.monotonic()
    with pytest.raises(BudgetError, match=r"not ended within 0\.2 seconds; raise --execute-seconds"):
        apart(lambda: time.sleep(60), Limits(seconds=0.2))
    assert time.monotonic() - began < 20


def test_memory_that_is_not_allowed():
    def take(size):
        return lambda: len(bytearray(size))

    limits = Limits(bytes=2**20)
    with pytest.raises(BudgetError, match=r"more memory than allowed; raise --execute-bytes"):
        apart(take(2**30), limits)
    assert apart(take(2**30), Limits(bytes=2**31)) == 2**30
    assert apart(take(2**30), limits, files=2**29) == 2**30


_SLEEPS = """
import sys, time
from tmpass.execution.child_process import run_in_child
from tmpass.execution.limits import Limits

def sleep():
    import os
    print(os.getpid(), flush=True)
    time.sleep(60)

run_in_child(sleep, Limits(), 0, "it")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_its_parent(number):
    parent = subprocess.Popen(
        [sys.executable, "-c", _SLEEPS], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    child = int(parent.stdout.readline())
    began = time.monotonic()
    parent.send_signal(number)
    parent.wait(20)
    while _runs(child) and time.monotonic() - began < 20:
        time.sleep(0.01)
    assert not _runs(child)
    assert parent.returncode in (-number, 1)
    parent.stdout.close()


def _runs(pid):
    """Whether a process is there, and is not only waiting for its parent to take notice of its end."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False
