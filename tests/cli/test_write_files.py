"""Results are written whole, and all of them or none; nothing else is left behind."""

import errno
import os
import resource
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tmpass.base.errors import UsageError
from tmpass.cli import write_files
from tmpass.cli.write_files import write_all


def tree(folder: Path) -> dict[str, bytes]:
    """Every file in `folder` with what is in it."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def old(tmp_path):
    """A folder with a private file."""
    (tmp_path / "old").write_text("old")
    (tmp_path / "old").chmod(0o640)
    return tmp_path


class Fault:
    """A call of the system that fails at one of its uses."""

    def __init__(self, real, at, number=errno.ENOSPC):
        self.real, self.left, self.error = real, at, OSError(number, os.strerror(number))

    def __call__(self, *words, **more):
        self.left -= 1
        if self.left == 0:
            raise self.error
        return self.real(*words, **more)


@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("step", ["open", "replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_whichever_step_fails_nothing_changes(old, monkeypatch, at, step, number):
    before = tree(old)
    monkeypatch.setattr(os, step, Fault(getattr(os, step), at, number))
    with pytest.raises(UsageError, match="cannot write it: " + os.strerror(number)):
        write_all([(str(old / "new"), "1"), (str(old / "old"), b"2"), (str(old / "third"), "3")])
    monkeypatch.undo()
    assert tree(old) == before
    assert stat.S_IMODE((old / "old").stat().st_mode) == 0o640


def test_a_reader_that_has_gone_leaves_the_files_whole(process, long_model, tmp_path):
    """Also where all that is printed would be more than a pipe holds, so that nobody could have read it."""
    words = ("plan", long_model, "--json", "--emit", tmp_path / "a.html", "--emit", tmp_path / "a.csv")
    done = process(*words)
    whole = tree(tmp_path)
    assert (done.returncode, sorted(whole)) == (0, ["a.csv", "a.html", long_model.name])
    for name in ("a.csv", "a.html"):
        (tmp_path / name).unlink()
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = process(*words, stdout=writer)
    finally:
        os.close(writer)
    assert done.returncode == 141
    assert b"cannot" not in done.stderr
    assert tree(tmp_path) == whole


def test_a_file_system_without_second_names_keeps_copies(old, monkeypatch):
    before = tree(old)
    monkeypatch.setattr(os, "link", Fault(os.link, 1, errno.EPERM))
    monkeypatch.setattr(os, "replace", Fault(os.replace, 2))
    with pytest.raises(UsageError):
        write_all([(str(old / "old"), "1"), (str(old / "new"), "2")])
    monkeypatch.undo()
    assert tree(old) == before
    write_all([(str(old / "old"), "1"), (str(old / "new"), "2")])
    assert tree(old) == {"old": b"1", "new": b"2"}


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="the system has no limit for files")
def test_a_file_that_cannot_grow_leaves_nothing(old):
    before = tree(old)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, limit[1]))
    try:
        with pytest.raises(UsageError, match="cannot write it: File too large"):
            write_all([(str(old / "small"), "1"), (str(old / "old"), b"2" * (3 << 20))])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert tree(old) == before


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(words, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_keeps_its_files(small_disk):
    (small_disk / "old").write_text("old")
    with pytest.raises(UsageError, match="cannot write it: No space left on device"):
        write_all([(str(small_disk / "old"), "1"), (str(small_disk / "new"), b"2" * (1 << 17))])
    assert tree(small_disk) == {"old": b"old"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_device_that_takes_nothing_comes_before_any_file(run, model, tmp_path):
    done = run("plan", model, "-o", tmp_path / "plan.json", "--emit", "csv=/dev/full")
    assert (done.code, done.out) == (2, "")
    assert (
        done.err
        == "tmpass: /dev/full: cannot write it: No space left on device; make room there, or name another place\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["net.tflite"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_standard_output_that_takes_nothing_comes_before_any_file(process, model, tmp_path):
    with open("/dev/full", "w") as full:
        done = process("plan", model, "--json", "-o", tmp_path / "plan.json", stdout=full)
    assert (done.returncode, done.stderr) == (2, b"tmpass: cannot write the output: No space left on device\n")
    assert [path.name for path in tmp_path.iterdir()] == ["net.tflite"]


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_names_of_standard_output_are_standard_output(process, model, tmp_path, name):
    if not os.path.exists(name):
        pytest.skip("the system has no such name")
    wanted = process("plan", model, "-o", "-").stdout
    assert process("plan", model, "-o", name).stdout == wanted
    with open(tmp_path / "out", "wb") as out:
        process("plan", model, "-o", name, stdout=out)
    assert (tmp_path / "out").read_bytes() == wanted
    assert b"more than one result" in process("plan", model, "--json", "--emit", f"csv={name}").stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with a name")
def test_a_pipe_gets_the_result(process, model, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", str(tmp_path / "pipe")], stdout=subprocess.PIPE) as reader:
        assert process("plan", model, "-o", tmp_path / "pipe").returncode == 0
        assert reader.communicate()[0] == process("plan", model, "-o", "-").stdout
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_file_that_is_read_only_stays(old, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "old" or mode != os.W_OK)
    with pytest.raises(UsageError, match="cannot write it: it is read-only"):
        write_all([(str(old / "new"), "1"), (str(old / "old"), "2")])
    assert tree(old) == {"old": b"old"}


def test_a_disk_is_no_file(old, monkeypatch):
    monkeypatch.setattr(Path, "is_block_device", lambda path: path.name == "old")
    with pytest.raises(UsageError, match="cannot write it: it is a disk"):
        write_all([(str(old / "old"), "1")])
    assert tree(old) == {"old": b"old"}


def test_text_without_an_encoding_is_an_error(old):
    with pytest.raises(UsageError, match="surrogates not allowed"):
        write_all([(str(old / "new"), "1"), (str(old / "old"), "\ud800")])
    assert tree(old) == {"old": b"old"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("at", range(1, 6))
def test_a_signal_at_any_call_leaves_all_or_nothing(old, monkeypatch, number, at):
    taken = []
    before = signal.signal(number, lambda *_: taken.append(True))
    count = 0

    def then(real):
        def call(*words, **more):
            nonlocal count
            count += 1
            if count == at:
                os.kill(os.getpid(), number)
            return real(*words, **more)

        return call

    for step in ("open", "chmod", "replace"):
        monkeypatch.setattr(os, step, then(getattr(os, step)))
    try:
        write_all([(str(old / "new"), "1"), (str(old / "old"), "2")])
    except KeyboardInterrupt:
        wanted = {"old": b"old"}
    else:
        wanted = {"old": b"2", "new": b"1"}
    finally:
        monkeypatch.undo()
        signal.signal(number, before)
    assert tree(old) == wanted
    assert taken == [True] * (at <= count)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_a_signal_while_a_pipe_has_no_reader_ends_the_command(model, tmp_path, number, code):
    os.mkfifo(tmp_path / "pipe")
    words = [sys.executable, "-m", "tmpass", "plan", str(model), "-o", str(tmp_path / "p.json"), "--emit"]
    with subprocess.Popen([*words, f"csv={tmp_path / 'pipe'}"], stderr=subprocess.PIPE) as child:
        end = time.monotonic() + 30
        while not any(path.name.startswith(".tmpass-") for path in tmp_path.iterdir()):
            assert time.monotonic() < end
            time.sleep(0.01)
        time.sleep(0.1)
        child.send_signal(number)
        errors = child.communicate(timeout=10)[1]
    assert child.returncode == code
    assert b"Traceback" not in errors
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.tflite", "pipe"]


def test_a_thread_may_write_too(old):
    from threading import Thread

    thread = Thread(target=write_files.write_whole, args=(str(old / "old"), "2"))
    thread.start()
    thread.join()
    assert tree(old) == {"old": b"2"}
