"""Kinds of values that options take: whole numbers, seconds, words. Each error says what to write."""

import re
from collections.abc import Iterable
from typing import Any

import click

from tmpass.base.errors import UsageError, brief, brief_text
from tmpass.base.nearest import hint_of
from tmpass.base.sizes import parse_size


class Whole(click.IntRange):
    """A whole number within a range: 1000000, 1_000_000 or 1e6."""

    name = "n"

    def __init__(self, least: int, most: int) -> None:
        super().__init__(least, most)
        self.least, self.most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number in `value`."""
        del ctx
        number = value if isinstance(value, int) else _whole(str(value).strip())
        option, bounds = _name(param), f"{self.least} .. {_power(self.most)}"
        if number is None:
            hint = f"write one in {bounds}, such as {'1e6' if self.most >= 10**6 else '8'}"
            raise UsageError(f"{option} {brief(value)} is not a whole number", hint=hint)
        _check_within(number, value, option, self.least, self.most)
        return number


class Bytes(click.ParamType):  # type: ignore[type-arg]  # generic only from click 8.4 on
    """A number of bytes within a range, such as 16, 16B or 4KiB."""

    name = "bytes"

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The bytes in `value`."""
        del ctx
        size = parse_size(value, _name(param))
        _check_within(size, value, _name(param), self.least, self.most)
        return size


class Seconds(click.ParamType):  # type: ignore[type-arg]  # generic only from click 8.4 on
    """A time above 0, in seconds: 60, 0.5."""

    name = "seconds"

    def __init__(self, most: int) -> None:
        self.most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds in `value`."""
        del ctx
        try:
            seconds = float(value)
        except ValueError:
            seconds = float("nan")
        if not 0 < seconds <= self.most:
            what = f"{_name(param)} {brief(value)} is not a time in 0 .. {self.most} s"
            raise UsageError(what, hint="write seconds above 0 without a unit: 60, 0.5")
        return seconds


class Word(click.Choice):  # type: ignore[type-arg]  # generic only from click 8.2 on
    """One of some words."""

    def __init__(self, words: Iterable[str]) -> None:
        super().__init__([str(word) for word in words])  # of an enum, click would take the names of the members

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """`value`, which is one of the words."""
        del ctx
        if value not in self.choices:
            raise UsageError(f"{_name(param)} {brief(value)} is unknown", hint=hint_of(value, self.choices))
        return str(value)


def _name(param: click.Parameter | None) -> str:
    """The longest spelling of an option."""
    return max(param.opts, key=len) if param else "the value"


def _check_within(number: int, value: object, option: str, least: int, most: int) -> None:
    """Refuse a number out of range.

    Raises:
        UsageError: it is not in `least` .. `most`.
    """
    if not least <= number <= most:
        hint = f"write {least} or more" if number < least else f"write {_power(most)} or less"
        raise UsageError(f"{option} {brief_text(str(value), 40)} is not in {least} .. {_power(most)}", hint=hint)


def _whole(text: str) -> int | None:
    """The whole number that `text` is, with an exponent or marks of thousands; None where it is not one."""
    if re.fullmatch(r"[+-]?\d{1,30}(_\d{1,30}){0,9}", text, re.ASCII):
        return int(text)
    match = re.fullmatch(r"(\d{1,30})(?:\.(\d{1,30}))?[eE]\+?(\d{1,2})", text, re.ASCII)
    if match is None:
        return None
    whole, fraction, exponent = match[1], (match[2] or "").rstrip("0"), int(match[3])
    return int(whole + fraction) * 10 ** (exponent - len(fraction)) if exponent >= len(fraction) else None


def _power(number: int) -> str:
    """A bound as text: large powers of two as powers."""
    return f"2^{number.bit_length() - 1}" if number > 2**20 and number & (number - 1) == 0 else str(number)
