"""Many runs in a worker process, which is started again where it ends; nothing is lost when it does.

parent ── fork ──> worker: input 0, 1, 2, ...
│                  │ writes into shared memory which input it is at, and what came of each
└── looks ─────────┘ an input that ends or stops the worker is a find, or is tried again apart
"""

import faulthandler
import mmap
import os
import resource
import signal
import struct
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from fuzz.once import End, input_of, try_one
from fuzz.targets import Target

MEMORY = 1 << 30
"""Bytes that a run may take besides what the worker has at first."""

PATIENCE = 20.0
"""Seconds after which a worker is ended that is still at the same input."""

_EACH = 3
"""Finds of one kind that a worker keeps."""

_WORDS = 64
"""Different outcomes that are told apart."""

_HEAD = struct.Struct("<qdqd")
"""Input, when it began, and the slowest input with its seconds."""


@dataclass
class Report:
    """What came of a campaign."""

    target: str
    seed: int
    runs: int = 0
    seconds: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)
    finds: list[tuple[int, str]] = field(default_factory=list)
    contained: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, int] = (0.0, 0)
    memory: int = 0
    stopped: bool = False

    def __str__(self) -> str:
        """A line for each fact."""
        rate = self.runs / self.seconds if self.seconds else 0
        lines = [
            f"target    {self.target}, seed {self.seed}",
            f"runs      {self.runs} in {self.seconds:.1f} s, {rate:.0f} a second",
            *(f"          {count:>9} {outcome}" for outcome, count in self.outcomes.most_common()),
            *(f"contained {count:>9} {outcome}" for outcome, count in self.contained.most_common()),
            f"slowest   {self.slowest[0]:.3f} s, input {self.slowest[1]}",
            f"memory    {self.memory >> 20} MiB",
            f"finds     {len(self.finds)}",
            *(f"          input {number}: {what}" for number, what in self.finds[:20]),
        ]
        return "\n".join(lines) + "\n"


class _Shared:
    """What worker and parent both see: the header, a byte for each run, and the names of outcomes."""

    def __init__(self, runs: int) -> None:
        self.memory = mmap.mmap(-1, _HEAD.size + runs + _WORDS * 64)
        self._names = _HEAD.size + runs
        self._known: dict[str, int] = {}

    def begin(self, number: int, slowest: tuple[float, int]) -> None:
        self.memory[: _HEAD.size] = _HEAD.pack(number, time.monotonic(), slowest[1], slowest[0])

    def head(self) -> tuple[int, float, int, float]:
        found: tuple[int, float, int, float] = _HEAD.unpack(self.memory[: _HEAD.size])
        return found

    def outcome(self, at: int, word: str) -> None:
        """Note what came of run `at`."""
        if word not in self._known:
            names = self.names()
            self._known[word] = names.index(word) if word in names else min(len(names), _WORDS - 1)
            place = self._names + 64 * self._known[word]
            self.memory[place : place + 64] = word.encode()[:64].ljust(64, b"\0")
        self.memory[_HEAD.size + at] = self._known[word] + 1

    def names(self) -> list[str]:
        names = [bytes(self.memory[self._names + 64 * i :][:64]).rstrip(b"\0").decode() for i in range(_WORDS)]
        return [name for name in names if name]

    def count(self, runs: int) -> Counter[str]:
        names = self.names()
        counts = Counter(bytes(self.memory[_HEAD.size : _HEAD.size + runs]))
        return Counter({names[code - 1]: count for code, count in counts.items() if code})


def fuzz(
    target: Target,
    runs: int,
    seed: int,
    *,
    start: int = 0,
    seconds: float | None = None,
    finds: Path | None = None,
) -> Report:
    """Try the inputs `start` to `start + runs` of a seed, or as many as there is time for.

    Ctrl-C ends it; the report says so, and what came of the runs before.

    Args:
        target: what is fuzzed.
        runs: how many inputs.
        seed: of all that is drawn.
        start: the first input.
        seconds: the time there is, in seconds; None is as long as it takes.
        finds: the folder for inputs that failed, with their tracebacks; None keeps nothing.
    """
    report = Report(target.name, seed)
    target.inputs()  # made once, before the worker
    begin = time.monotonic()
    end = None if seconds is None else begin + seconds
    shared = _Shared(runs)
    done = 0
    try:
        while done < runs and (end is None or time.monotonic() < end):
            done = _worker(target, shared, seed, start, done, runs, end, report, finds)
    except KeyboardInterrupt:
        done, report.stopped = shared.head()[0], True
    report.runs, report.seconds = done, time.monotonic() - begin
    report.outcomes = shared.count(runs)
    report.memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    if finds is not None:
        report.finds += sorted(_read_finds(finds, target.name, seed))
    return report


def _worker(
    target: Target,
    shared: _Shared,
    seed: int,
    start: int,
    done: int,
    runs: int,
    end: float | None,
    report: Report,
    finds: Path | None,
) -> int:
    """Let a worker try the inputs from `done` on; how many were tried in the end."""
    shared.begin(done, report.slowest)
    sys.stdout.flush()
    parent, child = os.getpid(), os.fork()
    if child == 0:
        code = 1
        try:
            _work(parent, target, shared, seed, start, done, runs, end, report.slowest, finds)
            code = 0
        finally:
            os._exit(code)
    status = None
    try:
        while status is None:
            ended, found = os.waitpid(child, os.WNOHANG)
            if ended:
                status = found
            elif time.monotonic() - shared.head()[1] > PATIENCE:
                os.kill(child, signal.SIGKILL)
            else:
                time.sleep(0.02)
    except KeyboardInterrupt:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    number, _, slow, most = shared.head()
    report.slowest = (most, slow)
    if status == 0:
        return number
    # The worker has ended in the middle of an input.
    data = input_of(target, seed, start + number)
    what = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"exit code {status >> 8}"
    if target.apart is not None:
        again = try_one(target, data, seed, start + number, apart=True)
        shared.outcome(number, again.outcome)
        if not again.find:
            report.contained[f"{what}, then {again.outcome}"] += 1
            return number + 1
        what += f", and apart {again.outcome}"
    _keep(finds, target, seed, start + number, data, End(what, 0.0, True, f"{what}\n"), report)
    return number + 1


def _work(
    parent: int,
    target: Target,
    shared: _Shared,
    seed: int,
    start: int,
    done: int,
    runs: int,
    end: float | None,
    slowest: tuple[float, int],
    finds: Path | None,
) -> None:
    """What the worker does: one input after the other, as long as its parent lives."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)  # what native code has to say
    faulthandler.disable()
    try_one(target, input_of(target, seed, start + done), seed, start + done)  # imports all that is needed
    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, resource.RLIM_INFINITY))
    kinds: Counter[str] = Counter()
    for at in range(done, runs):
        if os.getppid() != parent or (end is not None and time.monotonic() > end):
            shared.begin(at, slowest)
            return
        shared.begin(at, slowest)
        data = input_of(target, seed, start + at)
        result = try_one(target, data, seed, start + at)
        shared.outcome(at, result.outcome)
        slowest = max(slowest, (result.seconds, start + at))
        if result.find and kinds[_kind(result)] < _EACH:
            kinds[_kind(result)] += 1
            _keep(finds, target, seed, start + at, data, result, None)
    shared.begin(runs, slowest)


def _kind(end: End) -> str:
    """What tells kinds of finds apart: the error, and the last places of its traceback."""
    places = [line for line in end.trace.splitlines() if line.startswith("  File ")]
    return "\n".join([end.outcome, *places[-3:]])


def _keep(
    finds: Path | None, target: Target, seed: int, number: int, data: bytes, end: End, report: Report | None
) -> None:
    """Write a find and its traceback; in the parent, note it where there is no folder."""
    if finds is None:
        if report is not None:
            report.finds.append((number, end.outcome))
        return
    finds.mkdir(exist_ok=True, parents=True)
    place = finds / f"{target.name}-{seed}-{number}{target.suffix}"
    place.write_bytes(data)
    place.with_name(f"{target.name}-{seed}-{number}.txt").write_text(f"{end.outcome}\n{end.trace}", "utf-8", "replace")


def _read_finds(finds: Path, name: str, seed: int) -> list[tuple[int, str]]:
    found = []
    for path in finds.glob(f"{name}-{seed}-*.txt"):
        lines = path.read_text().strip().splitlines()
        found.append((int(path.stem.rpartition("-")[2]), lines[-1][:150]))
    return found
