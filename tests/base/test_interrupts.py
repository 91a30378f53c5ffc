"""Ctrl-C on the command line ends the process at once, with one line, and never inside a block that must be whole."""

import signal
import subprocess
import sys
import time

import pytest

from tmpass.base import interrupts

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals come in another way there")

READY = "import sys; print('ready', flush=True)\n"


def end_of(script, *, ignore=False, times=1):
    """The exit code, errors and seconds of a Python script that gets SIGINT once it is ready."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if ignore else None
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    if ignore:
        signal.signal(signal.SIGINT, before)
    with process:
        assert process.stdout.readline() == "ready\n"
        begin = time.monotonic()
        for _ in range(times):
            time.sleep(0.2)
            process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=30)
    return process.returncode, rest, errors, time.monotonic() - begin


SAID = "tmpass: interrupted\n"
INSTALLED = "from tmpass.base import interrupts; interrupts.install()\n"
GUARDED = INSTALLED + "from tmpass.cli.terminal import guard; guard()\n"


@posix
def test_outside_of_a_search_it_ends_the_process():
    code, rest, errors, _ = end_of(INSTALLED + READY + "import time; time.sleep(60)")
    assert (code, rest, errors) == (130, "", SAID)


@posix
def test_it_ends_the_process_also_in_the_middle_of_an_import(tmp_path):
    (tmp_path / "slow.py").write_text(
        READY + "import time\ntry:\n    time.sleep(60)\nexcept BaseException:\n    pass\n"
    )
    code, rest, errors, _ = end_of(INSTALLED + f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import slow")
    assert (code, rest, errors) == (130, "", SAID)


@posix
def test_a_search_catches_the_first_one_and_a_second_one_ends_it():
    script = (
        INSTALLED
        + READY
        + "import time\ntry:\n    with interrupts.caught(): time.sleep(60)\n"
        + "except KeyboardInterrupt: print('kept', flush=True)\n"
    )
    assert end_of(script)[:3] == (0, "kept\n", "")
    assert end_of(script + "time.sleep(60)\n", times=2)[:3] == (130, "kept\n", SAID)


@posix
def test_a_held_block_is_finished_first():
    script = (
        INSTALLED + READY + "import time\nwith interrupts.held():\n    time.sleep(1)\n    print('whole', flush=True)\n"
    )
    assert end_of(script)[:3] == (130, "whole\n", SAID)
    held = (
        GUARDED
        + READY
        + "import time\nwith interrupts.held():\n    sum(range(30_000_000))\n    print('whole', flush=True)\n"
    )
    assert end_of(held)[:3] == (130, "whole\n", SAID)


@posix
def test_unfinished_files_and_children_are_removed(tmp_path):
    path = tmp_path / "half"
    script = (
        INSTALLED
        + f"open({str(path)!r}, 'w').close(); interrupts.unfinished.add({str(path)!r})\n"
        + "import subprocess; child = subprocess.Popen(['sleep', '60']); interrupts.children.add(child.pid)\n"
        + READY
        + "print(child.pid, flush=True)\nimport time; time.sleep(60)"
    )
    code, rest, errors, _ = end_of(script)
    assert (code, errors) == (130, SAID)
    assert not path.exists()
    assert subprocess.run(["kill", "-0", rest.strip()], capture_output=True, check=False).returncode != 0


@posix
def test_a_c_function_that_lets_no_python_run_is_ended_as_well():
    code, rest, errors, seconds = end_of(GUARDED + READY + "sum(range(10**11))")
    assert (code, rest, errors) == (130, "", SAID)
    assert seconds < 3


@posix
def test_the_guard_does_not_end_a_process_that_answers():
    script = (
        GUARDED
        + READY
        + "import time\ntry:\n    with interrupts.caught(): time.sleep(60)\n"
        + "except KeyboardInterrupt: pass\nsum(range(100_000_000)); print('done', flush=True)\n"
    )
    assert end_of(script)[:3] == (0, "done\n", "")


@posix
def test_an_ignored_signal_stays_ignored():
    assert end_of(INSTALLED + READY + "import time; time.sleep(1); print('done')", ignore=True)[:3] == (0, "done\n", "")


def test_a_library_leaves_signals_alone():
    script = "import signal, tmpass; tmpass.plan; assert signal.getsignal(signal.SIGINT) is signal.default_int_handler"
    subprocess.run([sys.executable, "-c", script], check=True)
    assert not interrupts.installed()
