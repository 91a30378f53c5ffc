"""Ctrl-C at drawn instants: every command ends with 130 at once, in one line, and leaves no child and no half a file.

    python tests/fuzz/interrupts.py --rounds 200 models/ problem.csv

Each file is planned, explained, shown, verified or allocated in a process of its own, which gets SIGINT at an instant
drawn from its own running time; a problem that takes longer than a few seconds, from these. Prints what came of it.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LATEST = 3.0
"""Seconds after which no instant is drawn."""

STARTING = 0.06
"""Seconds in which the interpreter itself starts: what comes then is none of ours."""

PROGRAM = (sys.executable, "-m", "tmpass")


@dataclass(frozen=True, slots=True)
class Case:
    """A command, `{out}` standing for a file that it writes, or "" where it writes none."""

    words: tuple[str, ...]

    def command(self, out: Path) -> list[str]:
        return [*PROGRAM, *(word.format(out=out) for word in self.words)]


@dataclass(frozen=True, slots=True)
class End:
    """How a process ended that got SIGINT `instant` seconds after its start; `faults` say what is wrong with that."""

    case: Case
    instant: float
    seconds: float
    code: int
    written: bool
    faults: tuple[str, ...]


def cases(path: Path, plan: Path | None = None) -> Iterator[Case]:
    """The commands for a model or a problem; `plan` is a plan of that model."""
    if path.suffix == ".csv":
        yield Case(("allocate", str(path), "-o", "{out}"))
        yield Case(("allocate", str(path), "--explain", "--json"))
        return
    model = (str(path), "--allow-unplanned")
    yield Case(("plan", *model, "-o", "{out}"))
    yield Case(("plan", *model, "--emit", "html={out}"))
    yield Case(("explain", *model, "--json"))
    yield Case(("show", *model))
    if plan is not None:
        yield Case(("verify", str(plan), str(path)))


def duration(case: Case, folder: Path) -> tuple[float, int]:
    """How long `case` runs when it is left alone, LATEST at most, and its exit code."""
    begin = time.monotonic()
    process = subprocess.Popen(
        case.command(folder / "whole.json"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder
    )
    try:
        code = process.wait(120)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        code = 0
    return min(time.monotonic() - begin, LATEST), code


def interrupt(case: Case, instant: float, usual: int, folder: Path) -> End:
    """Run `case` and send it SIGINT after `instant` seconds; `usual` is its exit code when it is left alone."""
    out = folder / "out.json"
    out.unlink(missing_ok=True)
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            case.command(out), stdout=subprocess.DEVNULL, stderr=said, cwd=folder, start_new_session=True
        )
        time.sleep(instant)
        process.send_signal(signal.SIGINT)
        begin = time.monotonic()
        try:
            code = process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        seconds = time.monotonic() - begin
        left = _alive(process.pid)
        said.seek(0)
        text = said.read().decode(errors="replace")
    faults = []
    if code not in (signal.SIGINT + 128, usual):
        faults.append(f"exit code {code}")
    if code == usual and "interrupted" in text:
        faults.append(f"exit code {code} after an interrupt")
    if "Traceback" in text or "Exception ignored" in text:
        faults.append("a traceback")
    if left:
        faults.append(f"processes {left} are left")
    if out.exists():
        try:
            _check(out.read_text())
        except ValueError:
            faults.append("a half-written file")
    faults += [f"{name} is left" for name in os.listdir(folder) if name.startswith(".tmpass")]
    for name in os.listdir(folder):
        if name.startswith(".tmpass"):
            (folder / name).unlink()
    return End(case, instant, seconds, code, out.exists(), tuple(faults))


def _check(text: str) -> None:
    """Raise ValueError where `text`, a plan, a page or a table, is cut short."""
    if text.startswith("{"):
        json.loads(text)
    elif not text.endswith("</html>\n" if text.startswith("<") else "\n"):
        raise ValueError


def _alive(session: int) -> list[int]:
    """The processes of a session that still run."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, _, of = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            except OSError:
                continue
            if int(of) == session and state not in "ZX":
                found.append(int(entry.name))
    return found


def draw(paths: list[Path], rounds: int, seed: int, folder: Path) -> Iterator[End]:
    """`rounds` interrupts, over all commands for `paths` in turn."""
    random.seed(seed)
    known = []
    for path in paths:
        plan = folder / f"{len(known)}.json"
        if path.suffix != ".csv":
            subprocess.run([*PROGRAM, "plan", path, "--allow-unplanned", "-o", plan], capture_output=True, check=False)
        known += [(case, *duration(case, folder)) for case in cases(path, plan if plan.exists() else None)]
    for number in range(rounds):
        case, seconds, usual = known[number % len(known)]
        yield interrupt(case, random.uniform(STARTING, max(seconds, STARTING)), usual, folder)


def report(ends: list[End]) -> str:
    """What came of the interrupts, in some lines."""
    counts = Counter(end.code for end in ends)
    late = sorted(end.seconds for end in ends if end.code == signal.SIGINT + 128)
    lines = [
        f"{len(ends)} interrupts: " + ", ".join(f"{count} ended with {code}" for code, count in sorted(counts.items())),
        f"{sum(end.written for end in ends if end.code == signal.SIGINT + 128)} of those with 130 left an answer",
    ]
    if late:
        middle, most = late[len(late) // 2], late[-1]
        slow = sum(seconds > 0.2 for seconds in late)
        lines.append(f"seconds from signal to end: median {middle:.3f}, largest {most:.3f}; {slow} above 0.2")
    for end in ends:
        if end.faults or end.seconds > 0.2:
            words, fault = " ".join(end.case.words), ", ".join(end.faults) or f"exit code {end.code}"
            lines.append(f"  at {end.instant:.3f} s, after {end.seconds:.3f} s: {words}: {fault}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="+", type=Path, help="models, problems, or folders with them")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--largest", type=int, default=8, help="how many of the files of a folder, the largest first")
    asked = parser.parse_args()
    paths = []
    for path in asked.files:
        inside = [inner for inner in path.rglob("*") if inner.suffix in (".onnx", ".tflite", ".csv")]
        inside.sort(key=lambda inner: (-inner.stat().st_size, inner))
        paths += inside[: asked.largest] if path.is_dir() else [path]
    with tempfile.TemporaryDirectory() as folder:
        ends = list(draw([path.resolve() for path in paths], asked.rounds, asked.seed, Path(folder)))
    print(report(ends))
    return any(end.faults for end in ends)


if __name__ == "__main__":
    sys.exit(main())
