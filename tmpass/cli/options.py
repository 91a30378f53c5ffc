"""Options and habits that several commands share."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tmpass.errors import UsageError
from tmpass.sizes import parse_size

if TYPE_CHECKING:
    from tmpass.plan import Plan

F = TypeVar("F", bound=Callable[..., Any])

EXIT_CODES = {"optimal": 0, "feasible": 0, "infeasible": 1, "unknown": 4}
"""Status of a plan or allocation -> exit code."""


class Size(click.ParamType):  # type: ignore[type-arg]  # generic only from click 8.4 on
    """A number of bytes: 4096, 4KiB, 1MiB."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The bytes in `value`; click gives the option that it stands for."""
        del ctx
        return parse_size(value, param.opts[0] if param else "size")


def planning_options(function: F) -> F:
    """The options that say how a model is planned."""
    for option in reversed(
        (
            click.option("--target", "-t", default="pixel6-tpu", show_default=True, metavar="NAME|FILE",
                         help="A profile that `tmpass targets` lists, or a TOML file."),
            click.option("--budget", type=Size(), help="Capacity of the scratchpad instead of the target's: 512KiB."),
            click.option("--alignment", type=click.IntRange(1, 2**31),
                         help="Alignment of every offset in bytes instead of the target's."),
            click.option("--bind", multiple=True, metavar="NAME=N",
                         help="Number for a dimension: batch=1, or input:0=1 for axis 0 of `input`. Repeatable."),
            click.option("--io", type=click.Choice(["arena", "external"]), default="arena", show_default=True,
                         help="Whether inputs and outputs are in the arena, or in memory that the caller brings."),
            click.option("--keep-inputs", is_flag=True, help="Keep the inputs intact to the end of the run."),
            click.option("--share", type=click.Choice(["views", "none"]), default="views", show_default=True,
                         help="Whether a reshape and its kin share one buffer."),
            click.option("--allow-unplanned", is_flag=True,
                         help="Leave out tensors whose size is not known, and list them."),
            click.option("--allocator", default="auto", show_default=True, help="auto, first-fit or canonical."),
            click.option("--nodes", type=click.IntRange(0), help="Search steps that may be spent."),
        )
    ):  # fmt: skip
        function = option(function)
    return function


def make_plan(model: str, asked: dict[str, Any]) -> "Plan":
    """The plan of the file `model` with what planning_options gave, and its warnings on standard error."""
    from tmpass.allocate import DEFAULT_NODES
    from tmpass.bind import parse_bindings
    from tmpass.pipeline import plan

    with progress(f"planning {model}"):
        made = plan(
            model,
            asked["target"],
            bind=parse_bindings(asked["bind"]),
            nodes=DEFAULT_NODES if asked["nodes"] is None else asked["nodes"],
            **{key: value for key, value in asked.items() if key not in ("target", "bind", "nodes")},
        )
    for warning in made.warnings:
        click.echo(f"tmpass: warning: {warning}", err=True)
    unplanned = [t for t in made.tensors if t.role == "unplanned"]
    for t in unplanned[:8]:
        click.echo(f"tmpass: not planned: tensor {t.index} {t.name!r} of subgraph {t.subgraph}: {t.reason}", err=True)
    if len(unplanned) > 8:
        click.echo(f"tmpass: not planned: {len(unplanned) - 8} more tensors; --json lists them", err=True)
    return made


def read_text(path: str) -> str:
    """The text of the file `path`, or of standard input for "-".

    Raises:
        UsageError: it cannot be read, or is no UTF-8.
    """
    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"it is no UTF-8 text at byte {error.start}", where=path) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot read it: {reason}", where=path, hint="check the path") from None


def read_plan(path: str) -> "Plan":
    """The plan in the file `path`.

    Raises:
        UsageError: it cannot be read, or holds no plan.
    """
    from tmpass.plan_json import parse_plan

    return parse_plan(read_text(path), path)


def write_whole(path: str, text: str) -> None:
    """Write `text` to `path`, or to standard output for "-": all of it or, on an error, nothing.

    Raises:
        UsageError: it cannot be written.
    """
    if path == "-":
        click.echo(text, nl=False)
        return
    place = Path(path)
    temporary = ""
    try:
        if place.exists() and not place.is_file():  # a device or pipe: there is nothing to replace
            place.write_text(text, encoding="utf-8")
            return
        handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, place)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise UsageError(f"cannot write it: {error.strerror}", where=path, hint="check the path") from None


@contextmanager
def progress(what: str) -> Iterator[None]:
    """A spinner on standard error while the block runs, from the second second on, on a terminal only."""
    if not sys.stderr.isatty():
        yield
        return
    from threading import Event, Thread

    done = Event()

    def spin() -> None:
        if done.wait(1.0):
            return
        from rich.console import Console

        with Console(stderr=True).status(what):
            done.wait()

    thread = Thread(target=spin, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
