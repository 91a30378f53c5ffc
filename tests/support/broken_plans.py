"""Plans with one to three wrong numbers, names or rows, such as no planner makes them."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tmpass.plans.left_out import NotCounted
from tmpass.plans.plan import Plan, PlannedBuffer

_LARGE = (2**31, 2**62 - 1, 2**62)
_USES = ("stored", "resident", "streamed")


def broken(rng: random.Random, made: Plan) -> Plan:
    """`made` after one to three changes; it may be equal to `made`, or right by chance."""
    ways = (
        _WAYS
        if made.transfers is None
        else (*_WAYS, *(_further,) * 8, *(_further_row,) * 4, *(_moved,) * 2, _live_range)
    )
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        made = rng.choice(ways)(rng, made)
    return made


def _number(rng: random.Random, old: int, others: list[int]) -> int:
    """Another number, most often one that is near or stands in another row."""
    near = [max(0, old + by) for by in (-16, -8, -4, -1, 1, 4, 8, 16)]
    return rng.choice((rng.choice(near), rng.choice(near), rng.choice([*others, 0]), rng.choice((0, *_LARGE))))


def _change(rng: random.Random, made: Plan, table: str, numbers: tuple[str, ...], **words: tuple[Any, ...]) -> Plan:
    """One field of one row of a table changed."""
    rows = list(getattr(made, table))
    if not rows:
        return made
    at, name = rng.randrange(len(rows)), rng.choice((*numbers, *words))
    if name in words:
        value = rng.choice(words[name])
    else:
        others = [found for row in rows if (found := getattr(row, name)) is not None]
        value = _number(rng, getattr(rows[at], name) or 0, others)
    rows[at] = replace(rows[at], **{name: value})
    return replace(made, **{table: tuple(rows)})


def _constant(rng: random.Random, made: Plan) -> Plan:
    memories = tuple(memory.name for memory in made.memories)
    tensors = tuple(row.tensors for row in made.constants)
    numbers = ("offset", "offset", "offset", "size", "lower", "upper")
    return _change(rng, made, "constants", numbers, memory=memories, use=_USES, tensors=(*tensors, (), ((0, 0),)))


def _constant_rows(rng: random.Random, made: Plan) -> Plan:
    """A row left out, doubled, or in another place; most often with the numbers of the rows right."""
    rows = list(made.constants)
    if not rows:
        return made
    at = rng.randrange(len(rows))
    row = rows.pop(at)
    for _ in range(rng.choice((0, 0, 1, 2))):
        rows.insert(rng.choice((at, len(rows), rng.randint(0, len(rows)))), row)
    if rng.random() < 0.9:
        rows = [replace(row, id=number) for number, row in enumerate(rows)]
    return replace(made, constants=tuple(rows))


def _constant_step(rng: random.Random, made: Plan) -> Plan:
    """A streamed copy for another step."""
    rows = list(made.constants)
    streamed = [row.id for row in rows if row.use == "streamed"]
    if streamed:
        number, by = rng.choice(streamed), rng.choice((-2, -1, 1, 2))
        row = rows[number] if number < len(rows) else rows[-1]
        rows[rows.index(row)] = replace(row, lower=max(0, row.lower + by), upper=max(1, row.upper + by))
    return replace(made, constants=tuple(rows))


def _memory(rng: random.Random, made: Plan) -> Plan:
    numbers = (
        "capacity",
        "alignment",
        "peak",
        "lower_bound",
        "live_bytes",
        "constants",
        "overhead",
        "reserve",
        "loaded",
    )
    return _change(rng, made, "memories", numbers, compute=(True, False))


def _memory_rows(rng: random.Random, made: Plan) -> Plan:
    rows = list(made.memories)
    row = rows.pop(rng.randrange(len(rows)))
    if not rows or rng.random() < 0.3:
        rows.insert(rng.randint(0, len(rows)), row)
    return replace(made, memories=tuple(rows))


def _buffer(rng: random.Random, made: Plan) -> Plan:
    numbers, memories = ("offset", "size", "lower", "upper"), tuple(memory.name for memory in made.memories)
    return _change(rng, made, "buffers", numbers, memory=memories)


def _buffer_moved(rng: random.Random, made: Plan) -> Plan:
    """A buffer with its tensors at another place of its memory or of another one."""
    if not made.buffers:
        return made
    old = rng.choice(made.buffers)
    offset = _number(rng, old.offset, [row.offset for row in (*made.buffers, *made.constants)])
    memory = rng.choice([old.memory, old.memory, rng.choice(made.memories).name])
    buffers = tuple(replace(row, offset=offset, memory=memory) if row is old else row for row in made.buffers)
    tensors = tuple(
        replace(row, offset=row.offset + offset - old.offset)
        if row.buffer == old.id and row.offset is not None
        else row
        for row in made.tensors
    )
    return replace(made, buffers=buffers, tensors=tensors)


def _further(rng: random.Random, made: Plan) -> Plan:
    """A residence of a buffer that travels begins or ends at another step, or is elsewhere."""
    firsts = {row.first for row in made.buffers}
    rows = [row for row in made.buffers if row.first is not None or row.id in firsts]
    if not rows:
        return made
    old = rng.choice(rows)
    match rng.randrange(5):
        case 0:
            new = replace(old, lower=max(0, old.lower + rng.choice((-2, -1, 1, 2))))
        case 1:
            new = replace(old, upper=max(1, old.upper + rng.choice((-2, -1, 1, 2))))
        case 2:
            new = replace(old, offset=_number(rng, old.offset, [row.offset for row in made.buffers]))
        case _:
            new = replace(old, first=rng.choice([None, *(row.id for row in made.buffers)]))
    return _with_figures(made, [new if row is old else row for row in made.buffers])


def _further_row(rng: random.Random, made: Plan) -> Plan:
    """A further residence left out or doubled, with the numbers of the rows right."""
    later = [row for row in made.buffers if row.first is not None]
    if not later:
        return made
    old = rng.choice(later)
    rows = [row for row in made.buffers if row is not old]
    rows += [old] * rng.choice((0, 0, 2))
    ids = {row.id: number for number, row in enumerate(rows)}
    renamed = [
        replace(row, id=number, first=None if row.first is None else ids.get(row.first, 0))
        for number, row in enumerate(rows)
    ]
    tensors = tuple(replace(t, buffer=None if t.buffer is None else ids.get(t.buffer)) for t in made.tensors)
    return _with_figures(replace(made, tensors=tensors), renamed)


def _moved(rng: random.Random, made: Plan) -> Plan:
    """Another figure of what is moved."""
    assert made.transfers is not None
    name = rng.choice(("spilled", "fetched", "lower_bound"))
    value = _number(rng, getattr(made.transfers, name), [made.transfers.spilled, made.transfers.fetched])
    return replace(made, transfers=replace(made.transfers, **{name: value}))


def _live_range(rng: random.Random, made: Plan) -> Plan:
    """A live range that begins or ends at another step, or is missing."""
    old = rng.choice([t for t in made.tensors if t.live_range is not None] or made.tensors)
    lower, upper = old.live_range or (0, 1)
    by = rng.choice((-1, 1))
    new = replace(old, live_range=rng.choice([None, (max(0, lower + by), upper), (lower, upper + by)]))
    return replace(made, tensors=tuple(new if t is old else t for t in made.tensors))


def _with_figures(made: Plan, rows: list[PlannedBuffer]) -> Plan:
    """`made` with these rows of buffers, with what they move, and live ranges only where a buffer still leaves."""
    assert made.transfers is not None
    behind = made.transfers.memory
    spilled = sum(row.size for row in rows if row.first is not None and row.memory == behind)
    fetched = sum(row.size for row in rows if row.first is not None and row.memory != behind)
    figures = replace(made.transfers, spilled=spilled, fetched=fetched)
    leave = {row.first for row in rows if row.first is not None}
    tensors = tuple(t if t.buffer in leave else replace(t, live_range=None) for t in made.tensors)
    return replace(made, buffers=tuple(rows), tensors=tensors, transfers=figures)


def _tensor(rng: random.Random, made: Plan) -> Plan:
    return _change(rng, made, "tensors", ("offset", "buffer", "bytes"), role=("constant", "activation", "unplanned"))


def _not_counted(rng: random.Random, made: Plan) -> Plan:
    rows = list(made.not_counted)
    if rows and rng.random() < 0.5:
        rows.pop(rng.randrange(len(rows)))
    else:
        count, size = len(made.constants), sum(row.size for row in made.constants if row.use == "stored")
        rows.append(NotCounted(rng.choice(("weights", "tensors", "inputs_outputs")), count, rng.choice((None, size))))
    return replace(made, not_counted=tuple(rows))


def _no_constants(rng: random.Random, made: Plan) -> Plan:
    """Nothing of constants, as in version 1; sometimes with the bytes of the model and of the memories."""
    memories = tuple(replace(memory, constants=0, loaded=0, overhead=0) for memory in made.memories)
    bare = replace(made, constants=(), memories=rng.choice((memories, memories[:1], made.memories)))
    return replace(bare, model=replace(bare.model, bytes=None)) if rng.random() < 0.5 else bare


def _claim(rng: random.Random, made: Plan) -> Plan:
    match rng.randrange(5):
        case 0:
            return replace(made, fits=not made.fits)
        case 1:
            return replace(made, status=rng.choice(("optimal", "feasible", "infeasible", "unknown")))
        case 2:
            return replace(made, model=replace(made.model, bytes=rng.choice((None, 0, 1, *_LARGE))))
        case 3:
            return replace(made, order=replace(made.order, streamed_bound=rng.choice((None, 0, 1, *_LARGE))))
        case _:
            return replace(made, order=replace(made.order, lower_bound=_number(rng, made.order.lower_bound, [])))


_WAYS: tuple[Callable[[random.Random, Plan], Plan], ...] = (
    *(_constant,) * 5,
    *(_constant_rows,) * 2,
    *(_constant_step,) * 2,
    *(_memory,) * 3,
    _memory_rows,
    _buffer,
    *(_buffer_moved,) * 2,
    _tensor,
    _not_counted,
    _no_constants,
    _claim,
)
