"""A short run of every fuzz target, and the fuzzer itself; tests/fuzz/README.md says how to run it longer."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
from fuzz.campaign import fuzz
from fuzz.minimise import minimise
from fuzz.once import input_of, try_one
from fuzz.targets import CORPUS, TARGETS, Target

from tmpass.base.errors import ModelError, UsageError

RUNS = {
    "tflite": 400,
    "onnx": 200,
    "plan": 400,
    "csv": 1000,
    "toml": 400,
    "scratch": 600,
    "transfers": 300,
    "bindings": 600,
}


@pytest.mark.parametrize("name", TARGETS)
def test_every_seed_is_right(name):
    """What is damaged is worth it: each input to begin with is accepted, or asks for a dimension."""
    good = {"planned", "does not fit", "right", "optimal", "feasible", "infeasible", "bound", "memories", "size"}
    for data in TARGETS[name].seeds():
        ends = [try_one(TARGETS[name], data, seed, 0) for seed in range(6)]
        assert not any(end.find for end in ends), ends
        outcomes = {end.outcome for end in ends}
        assert outcomes & (good | {"UnknownSizeError", "wrong"}), outcomes


@pytest.mark.parametrize("name", TARGETS)
def test_a_short_run_finds_nothing(name, tmp_path):
    report = fuzz(TARGETS[name], RUNS[name], 2024, finds=tmp_path)
    assert report.finds == [], report
    assert report.runs == sum(report.outcomes.values()) == RUNS[name]
    assert len(report.outcomes) >= 3, report


FOUND = sorted(path for path in CORPUS.glob("*/*") if path.is_file())


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_was_found_once_is_right(path):
    target = TARGETS[path.parent.name]
    assert path.stat().st_size < 4096, "minimise it first"
    for seed in range(30):
        end = try_one(target, path.read_bytes(), seed, 0, apart=True)
        assert not end.find, end.trace


def failing(check) -> Target:
    return replace(TARGETS["bindings"], check=check, apart=None)


def test_the_same_seed_is_the_same_input():
    for target in TARGETS.values():
        assert input_of(target, 3, 14) == input_of(target, 3, 14)
        assert len({input_of(target, 3, number) for number in range(50)}) > 30


def test_what_is_not_documented_is_a_find_and_is_kept(tmp_path):
    def check(rng: random.Random, data: bytes) -> str:
        del rng
        if b"M" in data:
            raise KeyError("M")
        raise UsageError("documented")

    report = fuzz(failing(check), 300, 1, finds=tmp_path)
    assert set(report.outcomes) == {"KeyError", "UsageError"}
    assert len(report.finds) == 3  # of one kind
    for number, _ in report.finds:
        data = (tmp_path / f"bindings-1-{number}.txt").read_bytes()
        assert data.startswith(b"KeyError")
    assert fuzz(failing(check), 300, 1).outcomes == report.outcomes


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (lambda: ModelError("two\nlines\u2028"), False),
        (lambda: ModelError("x" * 30_000), False),  # a message is cut
        (lambda: ModelError("broken; please report it"), True),
        (lambda: MemoryError(), True),
        (lambda: RecursionError(), True),
    ],
)
def test_errors_are_judged(fault, found):
    def check(rng: random.Random, data: bytes) -> str:
        del rng, data
        raise fault()

    assert try_one(failing(check), b"", 0, 0).find is found


@pytest.mark.parametrize("end", ["_exit", "abort", "allocate"])
def test_a_worker_that_ends_is_started_again(tmp_path, end):
    import os

    def check(rng: random.Random, data: bytes) -> str:
        del rng
        if b"sram" in data and end == "allocate":
            return str(len(bytearray(3 << 30)))
        if b"sram" in data:
            os._exit(3) if end == "_exit" else os.abort()
        return "fine"

    report = fuzz(failing(check), 40, 1, finds=tmp_path)
    assert report.runs == 40
    assert report.outcomes["fine"] > 10
    assert report.finds
    if end != "allocate":
        assert sum(report.outcomes.values()) + len(report.finds) >= 40


def test_what_ends_a_worker_and_not_a_child_is_contained(tmp_path):
    import os

    def crash(rng: random.Random, data: bytes) -> str:
        del rng
        if b"sram" in data:
            os._exit(3)
        return "fine"

    def apart(rng: random.Random, data: bytes) -> str:
        del rng, data
        raise ModelError("it crashed")

    report = fuzz(replace(failing(crash), apart=apart), 40, 1, finds=tmp_path)
    assert report.finds == []
    assert report.outcomes["ModelError"] == report.contained["exit code 3, then ModelError"] > 0


def test_a_worker_that_stops_is_ended(tmp_path, monkeypatch):
    import time

    monkeypatch.setattr("fuzz.campaign.PATIENCE", 0.3)

    def check(rng: random.Random, data: bytes) -> str:
        del rng
        if b"sram" in data:
            time.sleep(60)
        return "fine"

    report = fuzz(failing(check), 8, 1, finds=tmp_path)
    assert report.runs == 8
    assert {what for _, what in report.finds} <= {"signal 9"}


def test_time_ends_a_campaign():
    assert fuzz(TARGETS["bindings"], 10**6, 1, seconds=0.5).runs < 10**6


def test_an_interrupt_ends_a_campaign_with_its_counts_and_without_its_worker(tmp_path):
    import signal
    import subprocess
    import sys
    import time

    words = [sys.executable, str(CORPUS.parent / "run.py"), "csv", "--runs", "1000000", "--finds", str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, start_new_session=True) as child:
        time.sleep(2)
        child.send_signal(signal.SIGINT)
        text = child.communicate(timeout=20)[0]
    assert child.returncode == 130
    assert "runs " in text
    assert subprocess.run(["pgrep", "-s", str(child.pid)], check=False, capture_output=True).stdout == b""


def test_a_find_is_made_small():
    def check(rng: random.Random, data: bytes) -> str:
        del rng
        return str(1 // (data.count(b"x") < 2))

    data = b"a long text with x, and some more words around an x that are not needed"
    assert minimise(failing(check), data) == b"xx"


def test_the_programs_of_this_folder_are_there_or_named_in_vain():
    from fuzz.run import PROGRAMS

    assert set(PROGRAMS) == {"graphs", "interrupts"}
    assert all(not Path(file).is_absolute() for file, _ in PROGRAMS.values())
