"""Memories on a command line: sram=512KiB, dram=1GiB@0x80000000."""

import pytest

from tmpass.base.errors import UsageError
from tmpass.packing.problem import Memory, Problem
from tmpass.packing.problem_memories import parse_memories


@pytest.mark.parametrize(
    ("texts", "memories"),
    [
        ([], ()),
        (["sram=512KiB"], (Memory("sram", 0, 2**19),)),
        (["a=4", "b=8"], (Memory("a", 0, 4), Memory("b", 4, 8))),
        (["a=4@0x10", "b=8"], (Memory("a", 16, 4), Memory("b", 20, 8))),
        (["dram=1GiB@0x80000000"], (Memory("dram", 2**31, 2**30),)),
        (["a=4@1KiB"], (Memory("a", 1024, 4),)),
        (["tightly-coupled.0=1.5KiB"], (Memory("tightly-coupled.0", 0, 1536),)),
        (["a=0"], (Memory("a", 0, 0),)),
    ],
)
def test_name_size_and_offset(texts, memories):
    assert parse_memories(texts) == memories
    assert Problem((), memories=parse_memories(texts)).memories == memories


def test_one_follows_the_one_before_aligned():
    assert parse_memories(["a=5", "b=5", "c=5@20"], 8) == (Memory("a", 0, 5), Memory("b", 8, 5), Memory("c", 20, 5))


@pytest.mark.parametrize(
    "text", ["", "sram", "=4", "sram=", "sram=4@", "sram=4@@4", "a b=4", "sram=4@0xg", "sram=-4", "sram=x", "a=4@-1"]
)
def test_other_forms_are_errors_that_name_the_option(text):
    with pytest.raises(UsageError, match="--memory"):
        parse_memories([text])


@pytest.mark.parametrize("number", ["9" * 100_000, "0x" + "f" * 100_000, "0x" + "f" * 16])
def test_numbers_without_end_are_errors_at_once_and_short(number):
    for text in (f"a={number}", f"a=4@{number}"):
        with pytest.raises(UsageError) as caught:
            Problem((), memories=parse_memories([text]))
        assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["a=4", "b=4@2"], "memory b: begins at 2, has 4 bytes, and follows one that ends at 4"),
        (["a=4", "a=4"], "memory a: two memories have this name"),
    ],
)
def test_memories_that_the_problem_refuses(texts, message):
    with pytest.raises(UsageError, match=message):
        Problem((), memories=parse_memories(texts))
