"""The arena of a C header, for a board of one's own, against the interpreter of TensorFlow Lite Micro."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.interpreters import fits_arena
from support.tflm_models import CASES, repeated

from tmpass.api.plan import plan
from tmpass.cli import commands
from tmpass.targets import load

pytestmark = pytest.mark.runtime

BOARD = (Path(load.__file__).parent / "profiles" / "tflm.toml").read_text().replace('"tflm"', '"my-board"', 1)
"""A profile that is not known by its name; pointers have 8 bytes, as those of the interpreter."""

KINDS = ("UNIDIRECTIONAL_SEQUENCE_LSTM", "SVDF", "CONV_2D", "ADD")


@pytest.fixture(autouse=True)
def installed():
    pytest.importorskip("tflite_micro")


def arrays(text: str) -> dict[str, int]:
    """The arrays that a header asks firmware for, by the names of their memories."""
    sized = re.findall(r"unsigned char (\w+)\[(\w+)\]", text)
    return {name: int(re.findall(rf"^#define {macro} (\d+)u$", text, re.MULTILINE)[0]) for name, macro in sized}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("words", [(), ("-t", "board.toml")])
def test_the_array_of_a_header_is_the_least_arena(tmp_path, monkeypatch, kind, words):
    monkeypatch.chdir(tmp_path)
    Path("board.toml").write_text(BOARD)
    case = next(case for case in CASES if case.kind == kind and case.version == 1)
    model = repeated(case, "INT8" if kind == "UNIDIRECTIONAL_SEQUENCE_LSTM" else "FLOAT32", 3)
    Path("net.tflite").write_bytes(model)
    both = ["-o", "planned.tflite", "--emit", "net.h"]
    done = CliRunner().invoke(commands, ["plan", "net.tflite", "-t", "board.toml", *both])
    assert done.exit_code == 0, done.output
    assert CliRunner().invoke(commands, ["emit", "planned.tflite", "-o", "planned.h", *words]).exit_code == 0
    arena = plan(model, "board.toml").memories[0].needed
    assert arrays(Path("net.h").read_text()) == arrays(Path("planned.h").read_text()) == {"arena": arena}
    planned = Path("planned.tflite").read_bytes()
    assert fits_arena(planned, arena, run=True)
    assert not fits_arena(planned, arena - 16)
