"""The stub of the native core, made from the docstrings of its bindings.

Run `python tests/support/core_stub.py` after each change of tmpass/core/bindings; it writes tmpass/_core.pyi. With
`--check` it writes nothing, and its exit code is 1 where the file is out of date.
"""

import re
import subprocess
import sys
from pathlib import Path

from nanobind.stubgen import StubGen

import tmpass._core as _core

STUB = Path(__file__).parents[2] / "tmpass" / "_core.pyi"


def core_stub() -> str:
    """Return the text of the stub, in the style of this repository."""
    generator = StubGen(_core)
    generator.put(_core)
    text = re.sub(r'(\A|:\n *)"""\n *', r'\1"""', generator.get())  # summaries stand on the first line
    text = text.replace(": Sequence[int] = []", ": Sequence[int] = ...")
    for command in (["check", "--select", "I", "--fix", "--quiet"], ["format", "--quiet"]):
        asked = [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(STUB), "-"]
        text = subprocess.run(asked, input=text, capture_output=True, text=True, check=True).stdout
    return text


if __name__ == "__main__":
    made = core_stub()
    if "--check" in sys.argv[1:]:
        sys.exit(STUB.read_text() != made)
    STUB.write_text(made)
