"""Compares the rows of a fleet with those of an earlier run."""

from collections.abc import Iterator, Sequence

from tmpass.base.record import record
from tmpass.base.sizes import format_size
from tmpass.fleets.row import EXIT_CODES, INTERNAL_ERROR, Row
from tmpass.plans.diff import Figure, Limit

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
    """

    changes: tuple[Change, ...]
    added: int
    gone: int

    @property
    def exit_code(self) -> int:
        """The most serious exit code of a change."""
        return worst(change.code for change in self.changes)

    def lines(self) -> Iterator[str]:
        """A line for each change, those that fail first, and one for the rows of one run only."""
        for failing in (True, False):
            for one in self.changes:
                if bool(one.code) == failing:
                    mark = " (more than allowed)" if one.code == 1 and one.what != "fits" else ""
                    yield f"{one.model} on {one.target}: {one.what} {one.text}{mark}"
        if self.added or self.gone:
            yield f"{self.added} rows are new, {self.gone} are gone"


def compare(old: Sequence[Row], new: Sequence[Row], limit: Limit) -> Comparison:
    """The changes from `old` to `new`.

    A figure that grew by more than `limit`, a model that does not fit any more, and one that cannot be planned any more
    are failures. A row that was no better before is not.
    """
    before = {(row.model, row.target): row for row in old}
    changes = [
        change for row in new if (was := before.get((row.model, row.target))) for change in _changes(was, row, limit)
    ]
    shared = sum((row.model, row.target) in before for row in new)
    return Comparison(tuple(changes), len(new) - shared, len(old) - shared)


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
