"""Compares the rows of a fleet with those of an earlier run."""

import posixpath
from collections import Counter
from collections.abc import Iterator, Sequence

from tmpass.base.errors import UsageError
from tmpass.base.record import record
from tmpass.base.sizes import format_size
from tmpass.fleets.outputs.texts import state
from tmpass.fleets.profile_digest import comparable
from tmpass.fleets.row import INTERNAL_ERROR, Row
from tmpass.plans.diff import Figure, Limit
from tmpass.report.text import counted

_VERDICTS = ("result", "new,")
"""Changes of a whole row, in contrast to those of a figure."""

SEVERITY = (INTERNAL_ERROR, 5, 2, 3, 4, 1, 0)
"""Exit codes of rows, the most serious first."""


@record
class Change:
    """One difference between the row of a model and target and its earlier one.

    Fields:
        what: a figure, such as "peak of arena", or "result".
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
        unlike: a line for each way in which rows of both were not asked the same, such as another budget.
    """

    changes: tuple[Change, ...]
    added: int
    gone: int
    shared: int
    unlike: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """The most serious exit code of a change; that of wrong usage where nothing could be compared."""
        return worst([*(change.code for change in self.changes), 0 if self.shared else UsageError.exit_code])

    @property
    def failures(self) -> int:
        """How many of the lines fail, or make the comparison doubtful. They come first."""
        return sum(bool(change.code) for change in self.changes) + (not self.shared) + len(self.unlike)

    def lines(self) -> Iterator[str]:
        """What was not asked the same, a line for each change, those that fail first, and one for rows of one run."""
        if not self.shared:
            yield "nothing was compared: the baseline has no row of a model and target that were planned here"
        yield from self.unlike
        for failing in (True, False):
            for one in self.changes:
                if bool(one.code) == failing:
                    mark = " (more than allowed)" if one.code == 1 and one.what not in _VERDICTS else ""
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
    pairs: list[tuple[Row, Row]] = []
    for row in new:
        if (was := before.get(_key(row))) is not None:
            pairs.append((was, row))
            changes += _changes(was, row, limit)
        elif row.code:
            changes.append(Change(row.model, row.target, "new,", row.error or state(row), row.code))
    shared = len(pairs)
    return Comparison(tuple(changes), len(new) - shared, len(old) - shared, shared, tuple(_unlike(pairs)))


def _unlike(pairs: Sequence[tuple[Row, Row]]) -> Iterator[str]:
    """A line for each difference of options, and for each target whose profile changed."""
    unknown = sum(was.options is None for was, _ in pairs)
    if unknown:
        yield f"the options of {counted(unknown, 'row')} of the baseline are not known: an older tmpass made it"
    asked = Counter((was.options, now.options) for was, now in pairs if was.options is not None)
    for (old, new), count in asked.items():
        if old != new:
            yield f"the options of {counted(count, 'row')} differ: {old or 'none'} in the baseline, {new or 'none'} now"
    older = sum(was.profile is not None and not comparable(was.profile) for was, _ in pairs)
    if older:
        what = f"the profiles of {counted(older, 'row')} of the baseline cannot be compared with those of now"
        yield f"{what}: an older tmpass made it"
    profiles = Counter(now.target for was, now in pairs if comparable(was.profile) and was.profile != now.profile)
    for target, count in profiles.items():
        yield f"the profile of {target} differs from that of the baseline, in {counted(count, 'row')}"


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
    if state(was) != state(now):
        yield change("result", f"{state(was)} -> {state(now)}", now.code if not was.code else 0)
    elif was.status != now.status:
        yield change("status", f"{was.status} -> {now.status}", 0)
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
