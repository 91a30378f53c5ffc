"""Compiles planners of the format tflm-planner, and calls them as MicroAllocator does."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tmpass.plans.plan import Plan
from tmpass.report.formats.tflm_planner import emit
from tmpass.report.formats.tflm_planner.rows import memories_of
from tmpass.targets import Target, parse_target

HERE = Path(__file__).parent.parent / "report" / "tflm_planner"
STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-fsanitize=undefined", "-fno-sanitize-recover=undefined"]
TAIL = 1 << 17
"""Bytes of the arena beside its head."""

_MEMORY = """
[[memory]]
name = "{0}"
capacity = {{ value = "{1}", source = "data sheet" }}
alignment = {{ value = 16, source = "what TensorFlow Lite Micro aligns buffers to" }}
holds = [{2}]
"""


HOLDS = {
    "sram": '"activations"',
    "psram": '"inputs_outputs", "activations"',
    "tail": '"variables"',
    "flash": '"weights"',
}


def two_memories(sram: str = "unlimited") -> Target:
    """A target with inputs and outputs in psram, and other activations in `sram` bytes, or in psram too."""
    return parse_target(two_memories_text(sram), "two.toml")


def two_memories_text(sram: str = "unlimited") -> str:
    """The profile of `two_memories`."""
    text = 'name = "two"\nsummary = "two memories"\nstanding = "assumed"\nruntime = "tflm"\n'
    sizes = {name: sram if name == "sram" else "unlimited" for name in HOLDS}
    return text + "".join(_MEMORY.format(name, sizes[name], held) for name, held in HOLDS.items())


@dataclass(frozen=True)
class Planner:
    """A compiled planner, with arrays as large as planned."""

    program: Path

    def ask(self, *commands: str) -> tuple[list[str], str]:
        """The answer to each command, and all messages."""
        done = subprocess.run(
            [self.program], input="\n".join(commands), capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
        return done.stdout.splitlines(), done.stderr


def compile_planner(
    folder: Path, plan: Plan, *, arrays: Sequence[str] = (), arguments: str = "", standard: str = "c++11"
) -> Planner:
    """The planner for `plan` with allocator.cc.

    Args:
        folder: for the header and the program.
        plan: whose header it is.
        arrays: the declaration of each memory's array, if it is not as planned; the first is `arena`.
        arguments: of the constructor, if they are not the arrays.
        standard: of C++.
    """
    words = [f"-std={standard}", *STRICT, f"-I{HERE / 'interface'}"]
    return Planner(_compiled(folder, plan, "allocator.cc", words, arrays=arrays, arguments=arguments))


def compile_interpreter(folder: Path, plan: Plan, package: Path) -> Path:
    """The planner for `plan` with interpreter.cc and the TensorFlow Lite Micro that `package` has.

    Args:
        folder: for the header and the program.
        plan: whose header it is.
        package: the folder of xmos_ai_tools. It has another name for the namespace tflite.
    """
    library = next(package.glob("xinterpreters/libs/linux/xtflm_python.so"))
    words = ["-std=c++17", "-w", "-Dtflite=tflite_micro", f"-I{package / 'runtime' / 'include'}"]
    words.append('-DTMPASS_PLANNER_LOG(...)=(std::printf("tmpass: " __VA_ARGS__), std::puts(""))')
    return _compiled(folder, plan, "interpreter.cc", words, library=[str(library), f"-Wl,-rpath,{library.parent}"])


def _compiled(
    folder: Path,
    plan: Plan,
    source: str,
    words: Sequence[str],
    *,
    arrays: Sequence[str] = (),
    arguments: str = "",
    library: Sequence[str] = (),
) -> Path:
    if shutil.which("g++") is None:
        pytest.skip("there is no g++")
    text = emit(plan)
    (folder / "model.planner.h").write_text(text, encoding="utf-8")
    kind = next(line.split()[1] for line in text.splitlines() if line.startswith("class ") and "Planner final" in line)
    memories = memories_of(plan)
    names = ["arena", *(f"memory{i}" for i in range(1, len(memories)))]
    sizes = [memory.peak + 16 + (0 if i else TAIL) for i, memory in enumerate(memories)]
    planned = [f"alignas(64) static unsigned char {n}[{size}];" for n, size in zip(names, sizes, strict=True)]
    macros = {
        "PLANNER": f"tmpass::{kind}",
        "ARRAYS": " ".join(arrays or planned),
        "ARGUMENTS": arguments or ", ".join(f"{name}, sizeof {name}" for name in names),
        "PLACES": ", ".join(f"{{{name}, sizeof {name}}}" for name in names),
    }
    given = [f"-I{folder}", *(f"-D{name}={value}" for name, value in macros.items()), str(HERE / source)]
    program = folder / "program"
    command = ["g++", *words, *given, *library, "-o", str(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return program
