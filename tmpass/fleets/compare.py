"""Compares the rows of a fleet with those of an earlier run."""

import posixpath
from collections.abc import Iterator, Sequence

from tmpass.base.errors import UsageError
from tmpass.base.record import record
from tmpass.base.sizes import format_size
from tmpass.fleets.row import EXIT_CODES, INTERNAL_ERROR, Row
from tmpass.plans.diff import Figure, Limit
from tmpass.report.text import counted

SEVERITY = (INTERNAL_ERROR, 5, 2, 3, 4, 1, 0)
"""Exit codes of rows, the most serious first."""


@record
class Change:
    """One difference between the row of a model and target and its earlier one.

    Fields:
        what: a figure, such as "peak of arena", or "fits".
        text: the old and the new value.
        code: the exit code of a run that has it: 0 where it is allowed.
    """

    model: str
    target: str
    what: str
    text: str
    code: int


def worst(codes: "Iterator[int] | Sequence[int]") -> int:
    """The most serious of the exit codes; 0 for none."""
    return min(codes, key=SEVERITY.index, default=0)


@record
class Comparison:
    """All changes, in the order of the new rows.

    Fields:
        added, gone: how many rows only one of the runs has.
        shared: how many both have.
    """

    changes: tuple[Change, ...]
    added: int
    gone: int
    shared: int

    @property
    def exit_code(self) -> int:
        """The most serious exit code of a change; that of wrong usage where nothing could be compared."""
        return worst([*(change.code for change in self.changes), 0 if self.shared else UsageError.exit_code])

    @property
    def failures(self) -> int:
        """How many of the lines fail. They come first."""
        return sum(bool(change.code) for change in self.changes) + (not self.shared)

    def lines(self) -> Iterator[str]:
        """A line for each change, those that fail first, and one for the rows of one run only."""
        if not self.shared:
            yield "nothing was compared: the baseline has no row of a model and target that were planned here"
        for failing in (True, False):
            for one in self.changes:
                if bool(one.code) == failing:
                    mark = " (more than allowed)" if one.code == 1 and one.what not in ("fits", "new,") else ""
                    yield f"{one.model} on {one.target}: {one.what} {one.text}{mark}"
        if self.added or self.gone:
            be = ("is" if count == 1 else "are" for count in (self.added, self.gone))
            yield f"{counted(self.added, 'row')} {next(be)} new, {self.gone} {next(be)} gone"


def compare(old: Sequence[Row], new: Sequence[Row], limit: Limit) -> Comparison:
    """The changes from `old` to `new`.

    A figure that grew by more than `limit`, a model that does not fit any more, and one that cannot be planned any more
    are failures, and so is a new row that does not fit or has an error. A row that was no better before is not.
    """
    before = {_key(row): row for row in old}
    changes: list[Change] = []
    shared = 0
    for row in new:
        if (was := before.get(_key(row))) is not None:
            shared += 1
            changes += _changes(was, row, limit)
        elif row.code:
            changes.append(Change(row.model, row.target, "new,", row.error or str(row.status), row.code))
    return Comparison(tuple(changes), len(new) - shared, len(old) - shared, shared)


def _key(row: Row) -> tuple[str, str]:
    """What both runs name alike: ./zoo//a.tflite is zoo/a.tflite, on every system."""
    return _plain(row.model), _plain(row.target)


def _plain(name: str) -> str:
    return name if "://" in name else posixpath.normpath(name.replace("\\", "/"))


def _changes(was: Row, now: Row, limit: Limit) -> Iterator[Change]:
    def change(what: str, text: str, code: int) -> Change:
        return Change(now.model, now.target, what, text, code)

    if was.error or now.error:
        if was.error != now.error:
            text = now.error or f"it was before: {was.error}"
            yield change("error" if now.error else "no error,", text, now.code if now.error and not was.error else 0)
        return
    if was.status != now.status:
        yield change("fits", f"{was.status} -> {now.status}", now.code if EXIT_CODES.get(was.status or "") == 0 else 0)
    for what, figure in _figures(was, now):
        if figure.old != figure.new:
            grown = limit.exceeded(figure)
            percent = "" if figure.percent is None else f", {float(figure.percent):+.2f} %"
            text = f"{format_size(figure.old)} -> {format_size(figure.new)} ({figure.growth:+d} B{percent})"
            yield change(what, text, int(grown))


def _figures(was: Row, now: Row) -> Iterator[tuple[str, Figure]]:
    """The peak and the need of each memory, and the bytes moved, as `tmpass diff` judges them."""
    before = {memory.name: memory for memory in was.memories}
    after = {memory.name: memory for memory in now.memories}
    for name in dict.fromkeys((*after, *before)):
        for word in ("peak", "needed"):
            old, new = (getattr(some[name], word) if name in some else 0 for some in (before, after))
            yield f"{'peak' if word == 'peak' else 'need'} of {name}", Figure(old, new)
    yield "bytes moved by transfers", Figure(was.transfers or 0, now.transfers or 0)
