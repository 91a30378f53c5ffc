"""Reads the files that commands take; "-" is standard input."""

import errno
import sys
from typing import TYPE_CHECKING

from tmpass.base.errors import UsageError
from tmpass.base.nearest import read_hint
from tmpass.base.reading import MOST_PIPED, MOST_TEXT, read_bounded, read_stream

if TYPE_CHECKING:
    from tmpass.plans.plan import Plan


STDIN = "standard input"


MODEL_HINT = "tmpass plan takes models"


def refuse_plan(text: str, path: str) -> None:
    """Refuse a plan of a model where a problem or a graph is wanted.

    Raises:
        UsageError: `text`, of the file `path`, is one.
    """
    if text.lstrip().startswith("{") and '"tmpass.plan/' in text[:200]:
        hint = "tmpass emit PLAN -o problem.csv gives the buffers of a plan, which tmpass allocate takes"
        raise UsageError("it is the plan of a model", where=path, hint=hint)


def read_text(path: str) -> str:
    """The text of the file `path`.

    Raises:
        UsageError: it cannot be read, or is not UTF-8.
    """
    if not path:
        raise UsageError("the path of a file is empty", hint="give a file, or - for standard input")
    try:
        data = read_stream(sys.stdin.buffer, MOST_TEXT) if path == "-" else read_bounded(path, MOST_TEXT)
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        from tmpass.loading.registry import names_model

        if names_model(path):
            raise UsageError("it is a model, and a text is wanted here", where=path, hint=MODEL_HINT) from None
        raise UsageError(f"it is not UTF-8 text at byte {error.start}", where=path) from None
    except (OSError, ValueError) as error:
        hint = read_hint(error, path)
        raise UsageError(f"cannot read it: {reason(error)}", where=path, hint=hint) from None


def read_plan(path: str, target: str | None = None) -> "Plan":
    """The plan in the file `path`: JSON, or a model that carries one.

    Args:
        path: of the file.
        target: what the offsets in a model are meant for, where it does not say it; None for the runtime that reads
            them, on any board. What is assumed is printed.

    Raises:
        UsageError: it cannot be read, or is not a plan.
        ModelError: it is a model that cannot be read.
    """
    from tmpass.loading.registry import names_model
    from tmpass.plans.plan_json import parse_plan

    if not names_model(path):
        return parse_plan(read_text(path), path)
    from tmpass.api.carried import assumptions, carried_plan, order_only
    from tmpass.cli.terminal import complain

    found = carried_plan(path, target)
    for line in assumptions(found) if found is not None else ():
        complain(f"{path}: {line}")
    if found is None and (aim := order_only(path)):
        what = f"it holds the order of a plan for {aim} and no offsets, since sizes are not those in the file"
        raise UsageError(what, where=path, hint="give the plan itself: tmpass plan MODEL -o plan.json")
    if found is None:
        raise UsageError("it is a model without a plan", where=path, hint="give a plan: tmpass plan MODEL -o plan.json")
    return found


def model_source(path: str) -> "str | bytes":
    """What to load for the argument MODEL: the path itself, or for "-" the bytes of standard input.

    Raises:
        UsageError: standard input cannot be read, or is empty.
    """
    if path != "-":
        return path
    try:
        data = read_stream(sys.stdin.buffer, MOST_PIPED)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read it: {reason(error)}", where=STDIN) from None
    if not data:
        raise UsageError("it is empty", where=STDIN, hint="pipe a model into it")
    return data


def name_of(source: "str | bytes") -> str:
    """How `source`, of `model_source`, is named in messages."""
    return source if isinstance(source, str) else STDIN


def reason(error: Exception) -> str:
    """The system's message for a failed read or write."""
    if isinstance(error, OSError) and error.errno == errno.EBADF:
        return "it is closed"
    return getattr(error, "strerror", None) or str(error)
