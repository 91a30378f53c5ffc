"""The forms that a plan can be written in: the one list that the command line and its help are made from.

A format is a module of this package, named as itself with _ for -, with the names of `Format`. To add one, write
the module and put its name in FORMATS.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

from tmpass.base.errors import UsageError, brief

if TYPE_CHECKING:
    from tmpass.plans.plan import Plan

FORMATS = ("json", "csv", "c", "model-explorer", "html", "svg")
"""Their names, which are known without importing any of them."""


class Format(Protocol):
    """The face of a format. SUFFIX is the usual end of its files, SUMMARY a few words for the help."""

    NAME: str
    SUFFIX: str
    SUMMARY: str

    def emit(self, plan: "Plan") -> str:
        """The text of the file for `plan`, the same for the same plan."""


@runtime_checkable
class Comparing(Format, Protocol):
    """A format that can set a plan beside another one for the same model; it has the name COMPARES besides."""

    COMPARES: bool

    def emit(self, plan: "Plan", before: "Plan | None" = None) -> str:
        """The text of the file for `plan`, with the one `before` it to compare with."""


def load_format(name: str) -> Format:
    """The format `name`.

    Raises:
        UsageError: there is none of this name.
    """
    if name not in FORMATS:
        raise UsageError(f"no format is named {brief(name)}", hint=f"choose one of {', '.join(FORMATS)}")
    return cast(Format, import_module(f"tmpass.report.formats.{name.replace('-', '_')}"))


def all_formats() -> Iterator[Format]:
    """Every format, in the order of FORMATS."""
    return map(load_format, FORMATS)


def format_of(path: str) -> Format:
    """The format whose files end as `path` does, the one with the longest end where several do.

    Raises:
        UsageError: there is none.
    """
    known = list(all_formats())
    fitting = [form for form in known if path.lower().endswith(form.SUFFIX)]
    if not fitting:
        ends = ", ".join(form.SUFFIX for form in known)
        raise UsageError(
            "no format has files that end so", where=path, hint=f"name the format, or end in one of {ends}"
        )
    return max(fitting, key=lambda form: len(form.SUFFIX))
