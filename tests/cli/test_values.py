"""The values of options: numbers with exponents, words with the nearest one, and what errors say."""

import importlib

import click
import pytest

from tmpass.base.errors import UsageError
from tmpass.cli import COMMANDS
from tmpass.cli.values import Whole


def parse(text):
    return Whole(1, 10**9).convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        ("1e6", 10**6),
        ("1E+3", 1000),
        ("1.5e3", 1500),
        ("12.50e1", 125),
        ("1_000_000", 10**6),
        (" 8 ", 8),
        (9, 9),
    ],
)
def test_whole_numbers_as_people_write_them(text, number):
    assert parse(text) == number


@pytest.mark.parametrize(
    "text", ["", "x", "1.5", "1.5e0", "1e-3", "1e", "e6", "1 000", "1,000", "0x10", "_1", "1__0", "nan", "\u0664"]
)
def test_what_is_not_a_whole_number_says_what_to_write(text):
    with pytest.raises(UsageError, match=r"is not a whole number; write one in 1 \.\. 1000000000, such as 1e6"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "hint"), [("0", "write 1 or more"), ("-4", "write 1 or more"), ("1e99", "write 1000000000 or less")]
)
def test_a_number_out_of_range_says_the_range(text, hint):
    with pytest.raises(UsageError, match=rf"{text} is not in 1 \.\. 1000000000; {hint}"):
        parse(text)


def test_every_option_has_values_of_which_errors_say_what_to_write():
    """No option takes click's own numbers and choices, whose errors do not."""
    for name in COMMANDS:
        command = importlib.import_module(f"tmpass.cli.{name.replace('-', '_')}_command").command
        for param in command.params:
            assert type(param.type).__module__ != "click.types" or isinstance(
                param.type, click.types.StringParamType | click.types.BoolParamType
            ), (name, param.name)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--tagret", "tflm"), "no such option '--tagret'; did you mean '--target'? tmpass plan --help lists all"),
        (("--no-inplac",), "no such option '--no-inplac'; did you mean '--no-inplace'? tmpass plan --help lists all"),
        (("-x",), "no such option '-x'; try tmpass plan --help"),
        (("--share", "VIEWS"), "--share 'VIEWS' is unknown; did you mean 'views'? choose one of auto, views, none"),
        (("--io", "sram"), "--io 'sram' is unknown; choose one of arena, external"),
        (("--emit", "hmtl=x"), "no format is named 'hmtl'; did you mean 'html'? choose one of json,"),
        (("--emit", "x.htm"), "x.htm: no format has files that end so; did you mean '.html'? name the format,"),
        (
            ("--allocator", "telamaloc"),
            "allocator 'telamaloc' is unknown; did you mean 'telamalloc'? choose one of auto,",
        ),
        (("--threads", "1000"), "--threads 1000 is not in 1 .. 256; write 256 or less"),
    ],
)
def test_a_misspelt_word_has_the_nearest_one(fails, model, words, said):
    assert fails(2, "plan", model, *words).startswith(said)


def test_a_part_of_an_option_names_it(fails):
    assert "did you mean '--execute-trips'?" in fails(2, "verify", "a", "b", "--trips", "1e3")


def test_a_number_with_an_exponent_is_that_number(run, model):
    assert run("plan", model, "--nodes", "1e3", "--json").out == run("plan", model, "--nodes", 1000, "--json").out
