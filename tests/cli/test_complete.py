"""Completion in the shell, as bash asks for it, and the defaults that the help states."""

import os
import subprocess
import sys

import pytest

from tmpass.packing.allocate import DEFAULT_NODES, LARGE, LARGE_NODES
from tmpass.packing.allocators import ALLOCATORS
from tmpass.planning.ordering.least_peak import DEFAULT_STATES
from tmpass.targets import target_names


def completed(*words):
    asked = {"_TMPASS_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run(
        [sys.executable, "-c", "from tmpass.__main__ import main; import sys; sys.argv[0] = 'tmpass'; main()"],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("tmpass", "plan", "--target", "ethos"), [name for name in target_names() if name.startswith("ethos")]),
        (("tmpass", "verify", "-t", "tflm-n"), ["tflm-nrf52840"]),
        (("tmpass", "plan", "--allocator", ""), list(ALLOCATORS)),
        (("tmpass", "allocate", "--allocator", "mini"), ["minimalloc"]),
        (("tmpass", "plan", "--schedule", "least"), ["least-peak"]),
        (("tmpass", "expl"), ["explain"]),
    ],
)
def test_names_are_completed(words, names):
    assert completed(*words) == names


def test_a_target_may_be_a_file():
    assert completed("tmpass", "plan", "--target", "./my") == ["./my"]


def test_the_help_states_the_default_budgets(run):
    text = " ".join(run("plan", "--help").out.split())
    assert f"in states. [default: {DEFAULT_STATES}]" in text
    assert f"in nodes. [default: {DEFAULT_NODES}; {LARGE_NODES} for more than {LARGE} results of operators]" in text


def test_the_help_has_groups_and_whole_sentences(run):
    text = run("plan", "--help").out
    assert [line for line in text.splitlines() if line.endswith(":") and not line.startswith(" ")] == [
        "Device:",
        "Model:",
        "Sharing:",
        "Search:",
        "Options:",
        "Sizes:",
        "Exit codes, as docs/exit-codes.md explains them:",
    ]
    commands = run("--help").out.partition("Commands:")[2]
    assert "..." not in commands
