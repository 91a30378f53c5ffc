"""`tmpass learn`."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tmpass.base.errors import UsageError
from tmpass.cli.command import Command
from tmpass.cli.files import read_text, reason
from tmpass.cli.inputs import refuse_inputs
from tmpass.cli.options import Size
from tmpass.cli.terminal import complain
from tmpass.cli.values import Bytes, Whole
from tmpass.cli.write_files import plain_name, write_whole
from tmpass.packing.problem import MAX_ALIGNMENT

if TYPE_CHECKING:
    from tmpass.packing.problem import Problem


@click.command("learn", cls=Command)
@click.argument("problems", metavar="DIRECTORY")
@click.option("--output", "-o", metavar="FILE", required=True, help="Write the policy to FILE; - is standard output.")
@click.option(
    "--capacity",
    type=Size(),
    help="Bytes for each problem; by default those in its name, as in A.1048576.csv, or the least peak found.",
)
@click.option("--alignment", type=Bytes(1, MAX_ALIGNMENT), default=1, show_default=True, help="Of every offset.")
@click.option("--seed", type=Whole(0, 2**31 - 1), default=1, show_default=True, help="Of searches and of training.")
def command(problems: str, output: str, capacity: int | None, alignment: int, seed: int) -> None:
    """Learn where telamalloc goes back to from a dead end.

    DIRECTORY has problems as `tmpass allocate` reads them, in files that end
    in .csv. Training needs the package ydf, which the extra `learn` installs.
    The same problems, seed and versions give the same file.

    \b
    Example:
        tmpass learn problems/ -o policy.json
        tmpass allocate problem.csv --allocator telamalloc --policy policy.json
    """
    from tmpass.packing.learning.learn import learn
    from tmpass.packing.learning.policy import policy_text
    from tmpass.packing.learning.train import load_ydf

    load_ydf()
    output = plain_name(output)
    given = _read(problems, output, capacity, alignment)
    told = f"tmpass learn DIRECTORY --alignment {alignment} --seed {seed}"
    told += "" if capacity is None else f" --capacity {capacity}"
    with click.progressbar(length=len(given), label="learning", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        learned = learn(given, seed=seed, provenance=(("command", told),), done=lambda: bar.update(1))
    for name in learned.left_out:
        complain(f"left out: {name}: no packing within its capacity is known")
    write_whole(output, policy_text(learned.policy))
    count = len(given) - len(learned.left_out)
    line = f"learned from {learned.examples} choices at {learned.dead_ends} dead ends of {count} problems"
    click.echo(line, err=output == "-")


def _read(folder: str, output: str, capacity: int | None, alignment: int) -> "dict[str, Problem]":
    """The problems in the files of `folder`, by name.

    Raises:
        UsageError: it is not a folder, has no problem, or one of them is wrong or the file to write to.
    """
    from tmpass.packing.problem_csv import read_problem

    try:
        paths = sorted(path for path in Path(folder).iterdir() if path.suffix == ".csv")
    except OSError as error:
        raise UsageError(f"cannot read it: {reason(error)}", where=folder, hint="give a folder of problems") from None
    if not paths:
        raise UsageError("it has no file that ends in .csv", where=folder, hint="give a folder of problems")
    refuse_inputs([output], [("a problem", str(path)) for path in paths])
    return {
        path.name: read_problem(
            read_text(str(path)), str(path), capacity=_capacity(path.name, capacity), alignment=alignment
        )
        for path in paths
    }


def _capacity(name: str, given: int | None) -> int | None:
    """The capacity that is asked for, or that the name of a file ends in before its suffix."""
    number = name.split(".")[-2]
    return int(number) if given is None and re.fullmatch(r"[0-9]{1,18}", number) and name.count(".") > 1 else given
