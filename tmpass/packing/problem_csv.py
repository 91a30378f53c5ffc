"""Allocation problems as CSV, with the columns of MiniMalloc, or without a header as in idealloc.

    id,lower,upper,size,alignment,gaps,offset
    a,0,3,4096,64,,0
    b,1,9,8192,64,3-5 6-8@0:4096,4096

| column                | meaning                                              | where it is left out |
|-----------------------|------------------------------------------------------|----------------------|
| id, buffer, buffer_id | a unique name                                        | the row's number     |
| lower, start, begin   | first step alive                                     | (required)           |
| upper                 | one past the last step alive                         | (it or end)          |
| end                   | last step alive; ends of gaps are inclusive as well  |                      |
| size                  | bytes                                                | (required)           |
| alignment             | what the offset is a multiple of                     | 1                    |
| hint                  | preferred offset; negative means none                | none                 |
| gaps                  | `lower-upper[@window_lower:window_upper]` (*)        | none                 |
| offset                | fixed offset                                         | free                 |
| memory                | names of the memories that may hold it (*)           | any                  |
| share                 | ids of buffers with the same offset (*)              | none                 |
| apart                 | ids of buffers that must not touch it (*)            | none                 |

(*) separated by blanks
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, NoReturn

from tmpass.base.errors import UsageError, brief
from tmpass.base.record import record
from tmpass.base.sizes import MAX_BYTES
from tmpass.packing.problem import Buffer, Gap, Memory, Problem

_MEANINGS = {
    "id": "id",
    "buffer": "id",
    "buffer_id": "id",
    "lower": "lower",
    "start": "lower",
    "begin": "lower",
}
_MEANINGS |= {"upper": "upper", "end": "upper"}
_MEANINGS |= {name: name for name in ("size", "alignment", "hint", "gaps", "offset", "memory", "share", "apart")}
_GAP = re.compile(r"(\d{1,19})-(\d{1,19})(?:@(\d{1,19}):(\d{1,19}))?", re.ASCII)
_COUNT = "a whole number from 0 to 2^62"
_PAIRS = ("share", "apart")


def read_problem(
    text: str, where: str, *, capacity: int | None, alignment: int = 1, memories: Sequence[Memory] = ()
) -> Problem:
    """The problem in `text`.

    Columns may be in any order, and blank lines are skipped. Where all cells of the first row are numbers, there is no
    header, and the first four columns are id, lower, upper, size. Offsets count from the start of the address space,
    also inside one of the `memories`.

    Args:
        text: the content of a CSV file.
        where: the name of the file for errors.
        capacity: of the problem in bytes, or None.
        alignment: of the problem in bytes.
        memories: of the problem.

    Raises:
        UsageError: a column is unknown, missing or doubled, a cell is wrong, two ids are equal, or a number is out of
            the Problem's range. The error names the file, the line, and the column or buffer.
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), skipinitialspace=True, strict=True)
    table: _Table | None = None
    buffers: list[Buffer] = []
    lines: dict[str, int] = {}  # of each id
    pairs: list[_Pair] = []
    try:
        for row in rows:
            line = rows.line_num
            if not row or (len(row) == 1 and not row[0].strip()):
                continue
            if table is None:
                table = _header(row, where, line)
                if table.names:
                    continue
            buffer = table.buffer(row, line, str(len(buffers)))
            if buffer.id in lines:
                _refuse(f"id {brief(buffer.id)} is in line {lines[buffer.id]} too", where, line, "rename one")
            lines[buffer.id] = line
            pairs += table.pairs(row, line, len(buffers))
            buffers.append(buffer)
    except csv.Error as error:
        _refuse(f"not valid CSV: {error}", where, rows.line_num, "correct the quotes there")
    if table is None:
        raise UsageError("the file has no rows", where=where, hint="begin with a header: id,lower,upper,size")
    empty = Problem((), capacity, alignment, tuple(memories))  # raises where the arguments are wrong, not the file
    return _problem(empty, buffers, lines, where, _resolve(pairs, buffers, where))


def write_problem(problem: Problem) -> str:
    """`problem` as CSV, with a column of offsets if any buffer is fixed. MiniMalloc requires all or none.

    Raises:
        UsageError: a pair names a buffer whose id has blanks.
    """
    offsets = [buffer.offset for buffer in problem.buffers]
    return _write(problem, offsets if any(offset is not None for offset in offsets) else None)


def write_solution(problem: Problem, offsets: Sequence[int]) -> str:
    """`problem` as CSV, with the offsets of a solution in the order of its buffers.

    Raises:
        UsageError: a pair names a buffer whose id has blanks.
    """
    return _write(problem, offsets)


class _Pair(NamedTuple):
    """A pair as the file has it: buffer number `at`, in `line`, names `other` in column `kind`."""

    kind: str
    at: int
    other: str
    line: int


@record
class _Table:
    """The columns of a file, which read its rows.

    Fields:
        names: the header; empty without one.
        at: the position of the column of each meaning.
    """

    where: str
    names: tuple[str, ...]
    at: dict[str, int]

    def buffer(self, row: list[str], line: int, number: str) -> Buffer:
        if len(row) != len(self.names) if self.names else len(row) < 4:
            _refuse(f"{len(row)} cells instead of {len(self.names) or 4}", self.where, line, "complete the row")
        at = self.at
        inclusive = bool(self.names) and self.names[at["upper"]] == "end"
        hint = row[at["hint"]].strip() if "hint" in at else ""
        return Buffer(
            id=row[at["id"]] if "id" in at else number,
            lower=self.number(row, line, "lower"),
            upper=self.number(row, line, "upper") + inclusive,
            size=self.positive(row, line, "size"),
            alignment=self.number(row, line, "alignment") if self.has(row, "alignment") else 1,
            offset=self.number(row, line, "offset") if self.has(row, "offset") else None,
            hint=self.number(row, line, "hint") if hint and not re.fullmatch(r"-[0-9]+", hint) else None,
            gaps=self.gaps(row, line, inclusive) if self.has(row, "gaps") else (),
            memories=tuple(dict.fromkeys(row[at["memory"]].split())) if "memory" in at else (),
        )

    def pairs(self, row: list[str], line: int, number: int) -> list[_Pair]:
        return [
            _Pair(kind, number, name, line) for kind in _PAIRS if kind in self.at for name in row[self.at[kind]].split()
        ]

    def has(self, row: list[str], meaning: str) -> bool:
        return meaning in self.at and bool(row[self.at[meaning]].strip())

    def number(self, row: list[str], line: int, meaning: str) -> int:
        cell = row[self.at[meaning]].strip()
        # The length is checked first, since the time of int() is quadratic in it.
        if len(cell) > 19 or not (cell.isascii() and cell.isdigit()) or int(cell) > MAX_BYTES:
            self.refuse_cell(cell, line, meaning, _COUNT)
        return int(cell)

    def positive(self, row: list[str], line: int, meaning: str) -> int:
        number = self.number(row, line, meaning)
        if number == 0:
            self.refuse_cell("0", line, meaning, "a whole number from 1 to 2^62: leave buffers without bytes out")
        return number

    def gaps(self, row: list[str], line: int, inclusive: bool) -> tuple[Gap, ...]:
        cell = row[self.at["gaps"]]
        gaps = []
        for text in cell.split():
            match = _GAP.fullmatch(text)
            if match is None:
                self.refuse_cell(text, line, "gaps", "a gap: lower-upper or lower-upper@window_lower:window_upper")
            lower, upper, *window = (int(number or 0) for number in match.groups())
            gaps.append(Gap(lower, upper + inclusive, *window))
        return tuple(sorted(gaps, key=lambda gap: gap.lower))

    def refuse_cell(self, cell: str, line: int, meaning: str, expected: str) -> NoReturn:
        name = self.names[self.at[meaning]] if self.names else meaning
        what = f"{brief(cell)} is not {expected}" if cell else "the cell is empty"
        _refuse(what, self.where, line, "correct the cell" if cell else f"write {expected}", f"column {name}")


def _header(row: list[str], where: str, line: int) -> _Table:
    """The columns that the first row names, or those of a file without a header."""
    names = tuple(cell.strip() for cell in row)
    if all(re.fullmatch(r"-?[0-9]+", name) for name in names):
        return _Table(where, (), {"id": 0, "lower": 1, "upper": 2, "size": 3})
    at: dict[str, int] = {}
    for place, name in enumerate(names):
        if name not in _MEANINGS:
            _refuse(f"unknown column {brief(name)}", where, line, f"the columns are {', '.join(_MEANINGS)}")
        meaning = _MEANINGS[name]
        if meaning in at:
            first = names[at[meaning]]
            _refuse(f"columns {first!r} and {name!r} have the same meaning", where, line, "remove one")
        at[meaning] = place
    for meaning in ("lower", "upper", "size"):
        if meaning not in at:
            known = [name for name in _MEANINGS if _MEANINGS[name] == meaning]
            _refuse(f"no column {' or '.join(map(repr, known))}", where, line, "add it to the header")
    return _Table(where, names, at)


def _problem(
    empty: Problem,
    buffers: list[Buffer],
    lines: dict[str, int],
    where: str,
    pairs: dict[str, tuple[tuple[int, int], ...]],
) -> Problem:
    """`empty` with these buffers and pairs; an error names the line of the buffer that has it."""
    try:
        return replace(empty, buffers=tuple(buffers), shared=pairs["share"], apart=pairs["apart"])
    except UsageError as error:
        for buffer in buffers:
            try:
                replace(empty, buffers=(buffer,))
            except UsageError as fault:
                _refuse(fault.what, where, lines[buffer.id], fault.hint, f"buffer {brief(buffer.id)}")
        raise UsageError(error.what, where=where, hint=error.hint) from None


def _resolve(named: list[_Pair], buffers: list[Buffer], where: str) -> dict[str, tuple[tuple[int, int], ...]]:
    """The pairs of each kind as indices, each pair once."""
    numbers = {buffer.id: at for at, buffer in enumerate(buffers)} if named else {}
    found: dict[str, dict[tuple[int, int], None]] = {kind: {} for kind in _PAIRS}
    for kind, at, other, line in named:
        if numbers.get(other, at) == at:
            what = f"{brief(other)} is " + ("the buffer itself" if other in numbers else "not the id of a buffer")
            _refuse(what, where, line, "name another buffer", f"column {kind}")
        found[kind][min(at, numbers[other]), max(at, numbers[other])] = None
    return {kind: tuple(pairs) for kind, pairs in found.items()}


def _write(problem: Problem, offsets: Sequence[int | None] | None) -> str:
    buffers = problem.buffers
    columns = {
        "id": [_quoted(b.id) for b in buffers],
        "lower": [str(b.lower) for b in buffers],
        "upper": [str(b.upper) for b in buffers],
        "size": [str(b.size) for b in buffers],
    }
    if any(b.alignment != 1 for b in buffers):
        columns["alignment"] = [str(b.alignment) for b in buffers]
    if any(b.hint is not None for b in buffers):
        columns["hint"] = [str(-1 if b.hint is None else b.hint) for b in buffers]
    if any(b.gaps for b in buffers):
        columns["gaps"] = [" ".join(map(_gap_text, b.gaps)) for b in buffers]
    if any(b.memories for b in buffers):
        columns["memory"] = [_quoted(" ".join(b.memories)) if b.memories else "" for b in buffers]
    for kind, pairs in (("share", problem.shared), ("apart", problem.apart)):
        if pairs:
            named: list[list[str]] = [[] for _ in buffers]
            for first, second in pairs:
                if len(buffers[second].id.split()) != 1:
                    raise UsageError(
                        f"id {brief(buffers[second].id)} has blanks, and a pair names it", hint="rename it"
                    )
                named[first].append(buffers[second].id)
            columns[kind] = [_quoted(" ".join(names)) if names else "" for names in named]
    if offsets is not None:
        columns["offset"] = ["" if offset is None else str(offset) for offset in offsets]
    rows = [",".join(columns), *(",".join(cells) for cells in zip(*columns.values(), strict=True))]
    return "\n".join(rows) + "\n"


def _gap_text(gap: Gap) -> str:
    window = (gap.window_lower, gap.window_upper)
    return f"{gap.lower}-{gap.upper}" + (f"@{window[0]}:{window[1]}" if any(window) else "")


def _quoted(text: str) -> str:
    """`text` as one cell, quoted only where it must be, since MiniMalloc takes quotes literally."""
    if text and text == text.strip() and not any(mark in text for mark in ',"\r\n'):
        return text
    return '"' + text.replace('"', '""') + '"'


def _refuse(what: str, where: str, line: int, hint: str, place: str = "") -> NoReturn:
    raise UsageError(what, where=f"{where}, line {line}" + (f", {place}" if place else ""), hint=hint) from None
