"""`tmpass diff`."""

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

from tmpass.base.errors import UsageError
from tmpass.base.sizes import HINT, parse_size
from tmpass.cli.command import Command
from tmpass.cli.files import read_plan
from tmpass.cli.terminal import coloured, complain, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tmpass.plans.diff import Difference, Limit
    from tmpass.plans.plan import Plan


class Growth(click.ParamType):  # type: ignore[type-arg]  # generic only from click 8.4 on
    """An allowed growth: 1%, 512B, 4KiB, 0."""

    name = "growth"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> "Limit":
        """The limit in `value`. It has a unit: 1 may be meant as 1 % or as 1 byte."""
        del ctx
        from tmpass.plans.diff import Limit

        text, option = str(value).strip(), param.opts[0] if param else "growth"
        if match := re.fullmatch(r"(\d{1,30}(?:\.\d{1,30})?)\s*%", text, re.ASCII):
            return Limit(Fraction(match[1]), relative=True)
        if re.fullmatch(r"\d{1,30}(?:\.\d{1,30})?", text, re.ASCII) and Fraction(text):
            hint = f"write {text}% for percent" + ("" if "." in text else f", or {text}B for bytes")
            raise UsageError(f"{option} {text!r} has no unit", hint=hint)
        try:
            return Limit(Fraction(parse_size(text, option)), relative=False)
        except UsageError as error:
            # A hint with a number alone, or with the units of sizes, would be refused here or leave out the percent.
            fits = re.match(r"write [\d.]+[a-zA-Z]", error.hint) or (" or " in error.hint and error.hint != HINT)
            hint = error.hint if fits else "write percent or bytes: 1%, 512B, 4KiB, 0"
            raise UsageError(error.what, hint=hint) from None


@click.command("diff", cls=Command)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--fail-if-grows", "limit", type=Growth(), metavar="N%|SIZE",
              help="Exit with code 1 if NEW does not fit where OLD does, or if the peak or the need of a memory, or "
                   "the bytes moved by transfers, grew by more: 1%, 512B, 4KiB, 0.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print all changes as JSON.")
@click.pass_context
def command(ctx: click.Context, old: str, new: str, limit: "Limit | None", as_json: bool) -> None:
    """Show the changes between the plans in the files OLD and NEW.

    A tensor grew, appeared, shrank, vanished or moved; it joined where it shares storage only in NEW, and parted where
    it shared only in OLD. Tensors are matched by name, so the plans may be of different exports. On a terminal growth
    is red and what is saved green, unless NO_COLOR is set.

    A memory is needed for buffers, constants, what the runtime takes, and the reserve. Plans of version 1 have buffers
    only: compared with one of them, the peak alone counts. Bytes moved by transfers count as well: where OLD has none
    and NEW has some, that is more than any percentage.

    \b
    Examples:
        tmpass diff old.json new.json
        tmpass diff main.json branch.json --fail-if-grows 1%
    """
    from tmpass.plans.diff import diff
    from tmpass.report.terminal.difference import head, rest, shift_table, to_json

    if old == new == "-":
        raise UsageError("both plans come from standard input", hint="give one of them as a file")
    before, after = _read(old), _read(new)
    found = diff(before, after)
    if as_json:
        click.echo(to_json(before, after, found, limit), nl=False)
    else:
        click.echo(head(before, after, found, colour=coloured()), nl=False)
        if found.shifts:
            click.echo()
            print_table(shift_table(found))
        click.echo(rest(found), nl=False)
    for line in _unlike(before, after, found):
        complain(f"warning: {line}")
    grown = list(_grown(found, limit)) if limit is not None else []
    if limit is not None and before.fits and not after.fits:
        grown.append("the new plan does not fit, and the old one does")
    for line in grown:
        complain(line)
    ctx.exit(1 if grown else 0)


def _unlike(old: "Plan", new: "Plan", found: "Difference") -> "Iterator[str]":
    """A line for each memory whose needs are compared with different reserves."""
    reserves = {memory.name: memory.reserve for memory in old.memories}
    judged = {change.name for change in found.memories if change.needed is not None}
    for memory in new.memories:
        before = reserves.get(memory.name, memory.reserve)
        if memory.name in judged and before != memory.reserve:
            yield (
                f"the need of {memory.name} has {before} B of reserve in the old plan and {memory.reserve} B in the "
                "new one (a budget has none); give both plans the same options"
            )


def _grown(found: "Difference", limit: "Limit") -> "Iterator[str]":
    """A line for each memory that grew by more than `limit`, and for transfers that did."""
    from tmpass.report.terminal.difference import growth

    for one in found.memories:
        figure = limit.broken_by(one)
        if figure == "peak":
            yield f"the peak of {one.name} grew more than allowed: {growth(one.peak)}"
        elif figure and one.needed is not None:
            yield f"what is needed of {one.name} grew more than allowed: {growth(one.needed)}"
    if found.transfers is not None and limit.broken_by_transfers(found):
        yield f"the bytes moved by transfers grew more than allowed: {growth(found.transfers)}"


def _read(path: str) -> "Plan":
    from tmpass.report.references import check_references

    plan = read_plan(path)
    check_references(plan, path)
    return plan
