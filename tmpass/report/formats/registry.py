"""The forms that a plan can be written in: the one list that the command line and its help are made from.

A format is a module of this package, named as itself with _ for -, with the names of `Format`. To add one, write
the module and put its name in FORMATS. Other packages bring theirs in the entry point group GROUP; they are used where
they are named, not by the end of a file. docs/dev/adding.md has the steps.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, TypeGuard, cast

from tmpass.base.errors import UsageError, brief
from tmpass.base.nearest import hint_of, nearest
from tmpass.base.plugins import load_registered, registered_names

if TYPE_CHECKING:
    from tmpass.plans.plan import Plan
    from tmpass.report.model_facts import ModelFacts

FORMATS = ("json", "csv", "c", "model-explorer", "html", "svg", "tflm-planner")
"""Their names, which are known without importing any of them."""

GROUP = "tmpass.formats"
"""The entry point group in which other packages register theirs; a built-in name always means the built-in one."""


class Format(Protocol):
    """The face of a format. SUFFIX is the usual end of its files, SUMMARY a few words for the help."""

    NAME: str
    SUFFIX: str
    SUMMARY: str

    def emit(self, plan: "Plan") -> str:
        """The text of the file for `plan`, the same for the same plan."""


class Comparing(Format, Protocol):
    """A format that can set a plan beside another one for the same model; its COMPARES is True."""

    COMPARES: bool

    def emit(self, plan: "Plan", before: "Plan | None" = None) -> str:
        """The text of the file for `plan`, with the one `before` it to compare with."""


class Informed(Comparing, Protocol):
    """A comparing format that shows facts of the model as well; its FACTS is True."""

    FACTS: bool

    def emit(self, plan: "Plan", before: "Plan | None" = None, facts: "ModelFacts | None" = None) -> str:
        """The text of the file for `plan`, with what the model says besides."""


def note_of(form: Format, plan: "Plan", path: str) -> str:
    """What the reader of the file `path` of `plan` needs besides it, in one line; empty where it says all.

    A format that has such a case has a function `note` of the plan and the path.
    """
    note = getattr(form, "note", None)
    return str(note(plan, path)) if callable(note) else ""


def takes_facts(form: Format) -> TypeGuard[Informed]:
    """Whether `form` shows facts of the model: its constants by operators, and the curve of the plan."""
    return compares(form) and bool(getattr(form, "FACTS", False))


def compares(form: Format) -> TypeGuard[Comparing]:
    """Whether `form` can set a plan beside another one: without the name COMPARES, or with False, it cannot."""
    return bool(getattr(form, "COMPARES", False))


def check_names_model(form: Format) -> None:
    """Check that a file of `form` calls the model by a name that the caller may choose.

    Raises:
        UsageError: it does not.
    """
    if form.NAME == "json":
        raise UsageError("a plan has the name of its model's file")
    if form.NAME in ("csv", "model-explorer"):
        raise UsageError(f"a name of the model has no effect with {form.NAME}, which does not have it")


def load_format(name: str) -> Format:
    """The format `name`: a built-in one, or one that another package registers.

    Raises:
        UsageError: there is none of this name, or it cannot be imported.
    """
    if name in FORMATS:
        return cast(Format, import_module(f"tmpass.report.formats.{name.replace('-', '_')}"))
    found = load_registered(GROUP, name, ("NAME", "SUFFIX", "SUMMARY", "emit"))
    if found is None:
        known = dict.fromkeys((*FORMATS, *registered_names(GROUP)))
        raise UsageError(f"no format is named {brief(name)}", hint=hint_of(name, known))
    return cast(Format, found)


def is_format(name: str) -> bool:
    """Whether `load_format` knows `name`; nothing is imported to find out."""
    return name in FORMATS or name in registered_names(GROUP)


def all_formats() -> Iterator[Format]:
    """Every built-in format, in the order of FORMATS."""
    return map(load_format, FORMATS)


def format_of(path: str) -> Format:
    """The built-in format whose files end as `path` does, the one with the longest end where several do.

    Raises:
        UsageError: there is none.
    """
    known = list(all_formats())
    fitting = [form for form in known if path.lower().endswith(form.SUFFIX)]
    if not fitting:
        ends = ", ".join(form.SUFFIX for form in known)
        near = nearest(path.lower()[max(path.rfind("."), 0) :], [form.SUFFIX for form in known])
        hint = f"did you mean {near}? " if near else ""
        hint += f"name the format, or end in one of {ends}; models with their plan are written by -o"
        raise UsageError("no format has files that end so", where=path, hint=hint)
    return max(fitting, key=lambda form: len(form.SUFFIX))
