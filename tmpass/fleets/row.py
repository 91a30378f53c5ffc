"""One row of a fleet: what came of planning one model for one target."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from tmpass.base.choices import ConstantUse
from tmpass.base.errors import TmpassError, UsageError, brief
from tmpass.base.json_text import json_text
from tmpass.base.record import record
from tmpass.plans.peak_step import deciding_arena, deciding_memory
from tmpass.plans.plan import Plan

SCHEMA = "tmpass.fleet/1"

EXIT_CODES = {"optimal": 0, "feasible": 0, "infeasible": 1, "unknown": 4}
"""The exit code for each status of a plan."""

INTERNAL_ERROR = 70


@record
class MemoryFigures:
    """What a plan needs of one memory, in bytes; `capacity` is None where it is unlimited."""

    name: str
    capacity: int | None
    needed: int
    peak: int


@record
class Row:
    """What came of planning `model` for `target`. Figures are None where there is no plan.

    Fields:
        model, target: as they were named.
        sha256: of the bytes of the model; empty where they could not be read.
        fits: whether every memory has room.
        status: a word of choices.Status.
        memory: the one that decides whether the plan fits.
        capacity, needed: of that memory, in bytes.
        peak, bound: the highest byte of the buffers in it, or of the scratchpad where it has none; and the lower bound.
        flash: bytes that the home of the constants needs, apart from buffers.
        transfers: bytes that buffers move in one run.
        time: of one run, in picoseconds.
        memories: the figures of all memories, the scratchpad first.
        notes: what is not counted, assumed, or a warning.
        error: why there is no plan; empty where there is one.
        code: the exit code of `tmpass plan` for this row.
        options: those of the plan that are not the defaults, as `budget=65536, share=views`; None where an older tmpass
            made the row.
        profile: the digest of the profile of the target (profile_digest.py); None as well.
        not_run: which operators the runtime is known not to run; empty where there are none, None as well.
        planned: the path of the planned model; None where none was written.
        condition: a condition for the fit, such as "if ... has kernels for ..."; empty or None without one.
    """

    model: str
    target: str
    sha256: str = ""
    fits: bool | None = None
    status: str | None = None
    memory: str | None = None
    capacity: int | None = None
    needed: int | None = None
    peak: int | None = None
    bound: int | None = None
    flash: int | None = None
    transfers: int | None = None
    time: int | None = None
    memories: tuple[MemoryFigures, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""
    code: int = 0
    options: str | None = None
    profile: str | None = None
    not_run: str | None = None
    planned: str | None = None
    condition: str | None = None

    def to_json(self) -> str:
        """The row as one line of JSON, without a line break."""
        return json_text({"schema": SCHEMA, **asdict(self)})


def row_of(plan: Plan, model: str, target: str, sha256: str) -> Row:
    """The row of a plan."""
    from tmpass.plans.planner_note import planner_note
    from tmpass.report.kernels import does_not_run
    from tmpass.report.left_out import notes, verdict

    memory, arena = deciding_memory(plan), deciding_arena(plan)
    return Row(
        model,
        target,
        sha256,
        fits=plan.fits,
        status=str(plan.status),
        memory=memory.name,
        capacity=memory.capacity,
        needed=memory.needed,
        peak=arena.peak,
        bound=arena.lower_bound,
        flash=_flash(plan),
        transfers=0 if plan.transfers is None else plan.transfers.moved,
        time=None if plan.time is None else plan.time.total,
        memories=tuple(MemoryFigures(m.name, m.capacity, m.needed, m.peak) for m in plan.memories),
        notes=(*notes(plan), *plan.warnings, *filter(None, [planner_note(plan)])),
        code=EXIT_CODES[plan.status],
        not_run=does_not_run(plan),
        condition=verdict(plan) if plan.fits else "",
    )


def foreign_note(binding: str) -> str:
    """The note on a binding that the model has no use for."""
    return f"binding {brief(binding)} names no dimension of this model"


UNREAD = "the model was not read: whether it has the dimensions of --bind is not known"
"""The note on a model that was not read, where there are bindings."""


def _flash(plan: Plan) -> int | None:
    """The bytes that the home of the constants needs without its buffers; None where no constant is stored."""
    home = next((plan.memory(row.memory) for row in plan.constants if row.use == ConstantUse.STORED), None)
    if home is None:
        return None
    return home.constants if home.peak else home.needed


def row_of_error(error: Exception, model: str, target: str, sha256: str = "") -> Row:
    """The row of a model that could not be planned."""
    if isinstance(error, TmpassError):
        return Row(model, target, sha256, error=str(error), code=error.exit_code)
    if isinstance(error, MemoryError):
        return Row(model, target, sha256, error="not enough memory", code=3)
    what = " ".join(f"{type(error).__name__}: {error}".split())
    fault = f"internal error: {brief(what)}; please report it with the model"
    return Row(model, target, sha256, error=fault, code=INTERNAL_ERROR)


ADDED = ("options", "profile", "not_run", "planned", "condition")
"""Fields that rows of older versions do not have."""

_KINDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("model", "target", "sha256", "error"), (str,)),
    **dict.fromkeys(("status", "memory", *ADDED), (str, type(None))),
    **dict.fromkeys(("capacity", "needed", "peak", "bound", "flash", "transfers", "time"), (int, type(None))),
    "fits": (bool, type(None)),
    "code": (int,),
    "memories": (list,),
    "notes": (list,),
}
"""Field of a row -> the types that JSON has for it."""


def row_from(data: object, where: str) -> Row:
    """The row that a line of JSON states.

    Args:
        data: the value of the line.
        where: names the line in errors.

    Raises:
        UsageError: it is not a row of this schema.
    """
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise UsageError(f"it is not a row of schema {SCHEMA!r}", where=where, hint="give what tmpass fleet -o wrote")
    values: dict[str, Any] = {name: value for name, value in data.items() if name != "schema"}
    values = {**dict.fromkeys(ADDED), **values}
    _check(values, _KINDS, where)
    memories = []
    for one in values["memories"]:
        if not isinstance(one, dict):
            raise UsageError(f"{brief(one)} is not a memory", where=where)
        _check(one, {f.name: _KINDS["status" if f.name == "name" else f.name] for f in fields(MemoryFigures)}, where)
        memories.append(MemoryFigures(**one))
    if not all(isinstance(note, str) for note in values["notes"]):
        raise UsageError("notes are texts", where=where)
    return Row(**{**values, "memories": tuple(memories), "notes": tuple(values["notes"])})


def _check(values: Mapping[str, Any], kinds: Mapping[str, tuple[type, ...]], where: str) -> None:
    """Refuse values with a key that is missing or unknown, or of another type."""
    for name in (*kinds, *values):
        if name not in values or name not in kinds:
            raise UsageError(f"the key {brief(name)} is {'unknown' if name in values else 'missing'}", where=where)
        if type(values[name]) not in kinds[name]:
            raise UsageError(f"{name} is {brief(values[name])}", where=where)
