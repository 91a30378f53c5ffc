"""`tmpass fleet`."""

import os
import sys
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from tmpass.base.errors import ModelError, UsageError
from tmpass.cli.command import Command
from tmpass.cli.complete import complete_target
from tmpass.cli.diff_command import Growth
from tmpass.cli.fleet_outputs import Form, emit_all, read_baseline
from tmpass.cli.fleet_progress import progress_bar
from tmpass.cli.fleet_refusals import refuse_overwriting
from tmpass.cli.fleet_requests import find_requests
from tmpass.cli.options import INTERRUPTED, Size, options_without_target
from tmpass.cli.terminal import complain, guard, print_table
from tmpass.cli.values import Seconds, Whole
from tmpass.cli.write_files import plain_name, write_all

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tmpass.fleets.compare import Comparison
    from tmpass.fleets.fleet import Fleet, Means
    from tmpass.plans.diff import Limit

STORE = os.path.join(".tmpass_cache", "fleet.db")


@click.command("fleet", cls=Command)
@click.argument("models", nargs=-1, required=True, metavar="MODELS...")
@click.option(
    "--target",
    "-t",
    "targets",
    multiple=True,
    metavar="NAME|FILE",
    shell_complete=complete_target,
    help="A profile or a TOML file; repeatable. Else TMPASS_TARGET, else `targets` or `target` of the settings file.",
)
@options_without_target
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON lines instead of the table.")
@click.option("--output", "-o", metavar="FILE", help="Write the rows as JSON lines to FILE, for --baseline.")
@click.option(
    "--emit",
    type=Form(),
    multiple=True,
    metavar="[FORMAT=]FILE",
    help="Write the rows to FILE in FORMAT, by default that of its suffix: jsonl, csv, md, html. Repeatable.",
)
@click.option(
    "--pages/--no-pages",
    default=True,
    show_default=True,
    help="With an HTML overview, write the page of each plan into a folder beside it.",
)
@click.option("--planned", metavar="FOLDER", help="Write the planned model of each row that fits into FOLDER.")
@click.option("--baseline", metavar="FILE", help="JSON lines of an earlier run to compare with.")
@click.option(
    "--fail-if-grows",
    "limit",
    type=Growth(),
    metavar="N%|SIZE",
    help="With --baseline: how much a peak, the need of a memory or the bytes moved may grow: "
    "1%, 512B, 4KiB. [default: 0]",
)
@click.option(
    "--jobs",
    "-j",
    type=Whole(1, 4096),
    metavar="N",
    help="Number of workers, or with the address of a cluster a third of the models in flight. [default: one for each "
    "processor]",
)
@click.option(
    "--cluster",
    default="local",
    show_default=True,
    metavar="NAME|ADDRESS",
    help="Where to plan: local processes, dask or ray on this machine, or the address of a cluster: tcp://HOST:PORT of "
    "Dask, ray://HOST:PORT of Ray.",
)
@click.option("--send", is_flag=True, help="Send the bytes of the models to workers that do not see the files.")
@click.option(
    "--store", metavar="FILE", default=STORE, show_default=True, help="Keeps rows, so that none is planned twice."
)
@click.option("--no-store", is_flag=True, help="Keep nothing, and plan all.")
@click.option(
    "--retries",
    type=Whole(0, 100),
    default=2,
    show_default=True,
    help="How many times a model is planned again, alone, after the process that planned it ended.",
)
@click.option(
    "--seconds",
    "wall",
    type=Seconds(10_000_000),
    metavar="N",
    help="Wall time for one model; then its process ends.",
)
@click.option("--memory", type=Size(), help="Memory for one model, on Linux: 4GiB.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    models: tuple[str, ...],
    targets: tuple[str, ...],
    limit: "Limit | None",
    baseline: str | None,
    **asked: Any,
) -> None:
    """Plan many MODELS for many targets, and print one table.

    MODELS are files, folders, patterns such as "zoo/**/*.onnx", URLs that
    fsspec knows, or - for a list on standard input, one in each line. A model
    that cannot be planned is a row. Rows are kept: the same command after
    Ctrl-C goes on where it was.

    \b
    Examples:
        tmpass fleet zoo/ --target tflm-nrf52840 --target ethos-u65
        tmpass fleet "zoo/**/*.onnx" -t tflm -o new.jsonl --emit zoo.html
        git ls-files "*.tflite" | tmpass fleet - -t tflm --emit summary.md
        tmpass fleet zoo/ -t tflm --planned out/
        tmpass fleet zoo/ -t tflm --baseline old.jsonl --fail-if-grows 1%
        tmpass fleet zoo/ -t tflm --cluster tcp://scheduler:8786

    \b
    Exit codes: the most serious of all rows, in this order.
        70  an internal error, or the process that planned a model ended
        5  verification failed
        2  wrong usage, or a package is missing
        3  a model cannot be read or planned
        4  budget ended without an answer
        1  a model does not fit, or with --baseline grew more than allowed
        0  all fit
        130  Ctrl-C; what is done is kept
        141  the reader of the output has ended; files are written

    With --baseline only what got worse counts, and rows that are new. Nothing
    in common with it is wrong usage.
    """
    outputs = _outputs(asked, baseline)
    if limit is not None and baseline is None:
        raise click.UsageError("--fail-if-grows has no effect without --baseline")
    old = None if baseline is None else read_baseline(baseline)
    if asked["no_store"] and ctx.get_parameter_source("store") is not ParameterSource.DEFAULT:
        raise click.UsageError("--no-store keeps nothing: leave out --store")
    requests, read = find_requests(ctx, models, targets, asked)
    store = None if asked["no_store"] else asked["store"]
    refuse_overwriting([path for _, path in outputs], store, requests, [*read, ("the baseline", baseline)])
    found = _plan(requests, asked, outputs)
    comparison = None
    if old is not None:
        from tmpass.fleets.compare import compare
        from tmpass.plans.diff import Limit

        comparison = compare(old, found.rows, Limit(Fraction(0), relative=False) if limit is None else limit)
    write_all(emit_all(found, comparison, outputs))
    _print(found, comparison, printed=any(path == "-" for _, path in outputs))
    ctx.exit(_exit_code(found, comparison, [text.rpartition("=")[0] for text in asked["bind"]]))


def _exit_code(found: "Fleet", comparison: "Comparison | None", bindings: "Iterable[str]") -> int:
    """The most serious exit code. Where a planned model is missing, a line says why, and the code is an error's."""
    from tmpass.fleets.compare import worst

    unused = _unused_bindings(found, bindings)
    for name in unused:
        complain(f"--bind {name} names no dimension of any model that was read; tmpass plan MODEL lists those of one")
    for model, target, why in found.missing:
        complain(f"{model} on {target} has no planned model: {why}")
    _complain_of_planners(found)
    codes = [row.code for row in found.rows] if comparison is None else [comparison.exit_code]
    codes += [ModelError.exit_code] * bool(found.missing) + [UsageError.exit_code] * bool(unused)
    return worst(codes)


def _complain_of_planners(found: "Fleet") -> None:
    """Say once how many planned files lack offsets, which a header with a planner has."""
    from tmpass.plans.planner_note import NO_OFFSETS

    lacking = [note for row in found.rows if row.planned for note in row.notes if note.startswith(NO_OFFSETS)]
    if lacking:
        complain(f"warning: of {len(lacking)} planned file{'s' * (len(lacking) != 1)}: {lacking[0]}")


def _unused_bindings(found: "Fleet", bindings: "Iterable[str]") -> list[str]:
    """The bindings of which the notes of all rows say that the model has no use for them.

    Models that were not read do not count, unless none was.
    """
    from tmpass.fleets.row import UNREAD, foreign_note

    read = [row for row in found.rows if UNREAD not in row.notes]
    return [name for name in bindings if read and all(foreign_note(name) in row.notes for row in read)]


def _outputs(asked: dict[str, Any], baseline: str | None) -> list[tuple[str, str]]:
    """The format and the path of each result."""
    wanted = [(form, plain_name(path)) for form, path in asked.pop("emit")]
    output, as_json = asked.pop("output"), asked.pop("as_json")
    wanted += [("jsonl", plain_name(output))] if output is not None else []
    wanted += [("jsonl", "-")] if as_json and ("jsonl", "-") not in wanted else []
    places = [path if path == "-" else os.path.realpath(path) for _, path in wanted if path != os.devnull]
    if len(set(places)) < len(places):
        raise click.UsageError("two results would go to one place: name two files")
    if baseline == "-" and sys.stdin.isatty():
        raise UsageError("the baseline would be read from the terminal", hint="give a file, or pipe it in")
    return wanted


def _plan(requests: Any, asked: dict[str, Any], outputs: list[tuple[str, str]]) -> "Fleet":
    """Plan all, with a progress bar; Ctrl-C says what is kept, and ends with its exit code."""
    from tmpass.base import interrupts
    from tmpass.fleets.fleet import plan_fleet

    pages = next((path for form, path in outputs if form == "html" and path != "-"), None) if asked["pages"] else None
    folder = None if pages is None else f"{os.path.splitext(pages)[0]}_pages"
    guard()
    done = [0, sum(len(request.aims) for request in requests)]
    try:
        with interrupts.caught(), progress_bar(done) as told:
            return plan_fleet(requests, _means(asked, folder, told))
    except KeyboardInterrupt:
        kept = (
            "nothing is kept"
            if asked["no_store"]
            else f"what is done is kept in {asked['store']}: the same command goes on"
        )
        complain(f"interrupted: {done[0]} of {done[1]} rows are done, and {kept}")
        raise click.exceptions.Exit(INTERRUPTED) from None


def _means(asked: dict[str, Any], pages: str | None, told: Any) -> "Means":
    from tmpass.fleets.clusters import cluster_executor
    from tmpass.fleets.fleet import Means

    executor = cluster_executor(asked["cluster"], asked["jobs"])
    if asked["store"] == STORE and not asked["no_store"]:
        _hide(os.path.dirname(STORE))
    store = None if asked["no_store"] else asked["store"]
    return Means(
        executor, asked["jobs"], store, pages, asked["retries"], asked["wall"], asked["memory"], told, asked["planned"]
    )


def _hide(folder: str) -> None:
    """Make the folder of the default store, with a file that keeps it out of Git."""
    with suppress(OSError):  # opening the store says what is wrong
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, ".gitignore"), "x", encoding="utf-8") as file:
            file.write("*\n")


def _print(found: "Fleet", comparison: "Comparison | None", *, printed: bool) -> None:
    """Print the table and the changes, unless a result went to standard output; failures go to standard error."""
    from tmpass.fleets.outputs.terminal import left_out, row_table
    from tmpass.fleets.outputs.texts import summary
    from tmpass.report.text import clip, one_line

    if not printed:
        print_table(row_table(found.rows))
        if more := left_out(found.rows):
            click.echo(f"and {more} more rows; -o FILE has all")
        kept = len(found.rows) - found.planned
        click.echo(f"\n{summary(found.rows)}{f'; {kept} rows were kept from before' if kept else ''}")
        if any(row.notes for row in found.rows):
            click.echo("the rows leave out or assume facts: --json lists them as notes")
    for line in comparison.lines() if comparison is not None else ():
        click.echo(one_line(clip(line)), err=printed)
