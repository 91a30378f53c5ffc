"""The digest of a profile is that of its content, on every machine and in every version that reads it alike."""

import subprocess
import sys
from dataclasses import replace

import pytest
from support.profiles import BOARD

from tmpass.fleets.compare import compare
from tmpass.fleets.profile_digest import comparable, profile_digest
from tmpass.fleets.row import Row
from tmpass.plans.diff import Limit
from tmpass.targets import RUNTIMES, Over, Sharing, load_target, parse_target
from tmpass.targets.scratch.rule import ScratchRule

SCRIPT = """from tmpass.fleets.profile_digest import profile_digest
from tmpass.targets import load_target
print(profile_digest(load_target({!r})))"""

DIGESTS = {
    "pixel6-tpu": "2:38c269b5e7ef9859462194f1ec992002592f6baeb40f388b2086a8946f647061",
    "tflm": "2:7d3123a1253acc55a204df6c50bd29cacdb83728389878b4360902fce6b06fd6",
    "tflm-nrf52840": "2:a01d74ae3bbd1cdcb090a0279be5dc6f66c70eeb1b3fa650f8183b79954b72a1",
}


@pytest.mark.parametrize("name", DIGESTS)
def test_the_digest_of_a_profile_is_the_one_that_baselines_have(name):
    """A change here makes every baseline differ: it is wrong unless the profile itself changed."""
    assert profile_digest(load_target(name)) == DIGESTS[name]


def test_a_profile_has_one_digest_in_every_process():
    done = subprocess.run([sys.executable, "-c", SCRIPT.format("tflm")], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == profile_digest(load_target("tflm"))


def test_what_a_runtime_of_tmpass_brings_does_not_count(monkeypatch):
    board = parse_target(BOARD, "board.toml")
    before = profile_digest(board)
    richer = replace(RUNTIMES["tflm"], most_joined=12, times=None)
    monkeypatch.setitem(RUNTIMES, "tflm", richer)
    more = replace(board, runtime=richer, sharing=Sharing(("RESHAPE",), (Over("ADD"),), ()))
    assert "sharing" in more.implied
    assert profile_digest(more) == before


def test_what_a_profile_says_counts():
    board = parse_target(BOARD, "board.toml")
    digests = {
        profile_digest(one)
        for one in (
            board,
            replace(board, word=4, word_source="data sheet"),
            replace(board, kernels=("ADD",)),
            replace(board, scratch=(ScratchRule("ADD", 16, source="measured"), *board.scratch)),
            replace(board, implied=("scratch",)),  # the same sharing, but of the profile
            replace(board, memories=(replace(board.memories[0], capacity=1 << 18),)),
            replace(board, runtime=RUNTIMES["litert"]),
        )
    }
    assert len(digests) == 7


def test_a_file_of_rules_counts_with_its_content_and_not_with_its_place(tmp_path):
    board, found = parse_target(BOARD, "board.toml"), []
    for folder, text in (("one", "a = 1"), ("two", "a = 1"), ("three", "a = 2")):
        (tmp_path / folder).mkdir()
        rules = tmp_path / folder / "rules.toml"
        rules.write_text(text)
        runtime = replace(RUNTIMES["tflm"], name="own", tail=str(rules), rules="")
        found.append(profile_digest(replace(board, runtime=runtime, implied=())))
    assert found[0] == found[1] != found[2]


def test_a_baseline_of_an_older_version_is_not_said_to_differ():
    new = Row("m", "t", options="", profile=profile_digest(load_target("tflm")))
    old = replace(new, profile="0" * 64)
    assert comparable(new.profile)
    assert not comparable(old.profile)
    (said,) = compare([old], [new], Limit(0, relative=False)).lines()
    assert said == "the profiles of 1 row of the baseline cannot be compared with those of now: an older tmpass made it"
    assert list(compare([new], [new], Limit(0, relative=False)).lines()) == []
