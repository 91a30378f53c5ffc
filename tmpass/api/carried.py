"""The plan that a model file carries: what tmpass wrote into it, or the offsets of another tool."""

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from tmpass.api.arguments import target_of
from tmpass.base.choices import OrderMethod, Share, Status, Transfers
from tmpass.base.errors import ModelError, UsageError
from tmpass.graph.model import TensorKey
from tmpass.loading.contract import OffsetsFrontend, RememberingFrontend
from tmpass.loading.load import Model, load_opened
from tmpass.loading.open_model import open_model
from tmpass.packing.allocate import allocate
from tmpass.packing.problem import Buffer, Problem
from tmpass.plans.plan import Plan
from tmpass.plans.plan_json import parse_plan
from tmpass.targets import RUNTIMES, Target
from tmpass.verification.plan import check_plan

NOTE = "the offsets are those in the file"
DOUBT = "tensors overlap there; that is right only if operators work in place where tmpass would not let them"
_LEVELS: tuple[dict[str, Any], ...] = (
    {},
    {"inplace": False},
    {"share_io": True},
    {"share_io": True, "inplace": False},
    {"share": Share.VIEWS},
    {"share": Share.VIEWS, "share_io": True},
    {"share": Share.NONE},
)
"""Options of sharing: those by default first, then less and less."""

_REST = "; {count} of {all} buffers have none there: the runtime places them, here they are where they fit"


def carried_plan(model: object, target: str | os.PathLike[str] | Target | None = None) -> Plan | None:
    """The plan that the file of `model` carries.

    A planned ONNX model holds the whole plan. A TFLite model holds offsets (an offline memory plan), of tmpass or of
    another tool: they become a plan in the order of the file, with as much sharing as they agree with.

    Args:
        model: as for `tmpass.plan`.
        target: for offsets: what they are meant for; by default the runtime that reads them, on any board.

    Returns:
        The plan, not verified: it may be wrong, as `tmpass.verify` says. None where the file carries none.

    Raises:
        UsageError: `model` is of another type, the target is wrong, or its runtime reads no offsets.
        ModelError: the file cannot be read, or its plan is damaged.
    """
    name, data, frontend = open_model(model)
    loaded = load_opened(name, data, frontend, {}, batches=True) if hasattr(frontend, "offsets_in") else None
    try:
        if hasattr(frontend, "plan_in"):
            text = cast(RememberingFrontend, frontend).plan_in(data)
            if text is not None:
                return _named(parse_plan(text, "the plan in the file"), name)
        if loaded is not None:
            offsets = cast(OffsetsFrontend, frontend).offsets_in(data, loaded.graph)
    except ModelError as error:
        raise error.within(name) from None
    return None if loaded is None or not offsets else _with_offsets(loaded, offsets, _reader_of(target))


def _reader_of(target: str | os.PathLike[str] | Target | None) -> Target:
    """The target whose runtime places tensors where a file says; by default that runtime on any board.

    Raises:
        UsageError: the runtime of `target` does not read offsets.
    """
    reader = next(runtime for runtime in RUNTIMES.values() if runtime.keeps_offsets)
    found = target_of(reader.name if target is None else target)
    if not found.runtime.keeps_offsets:
        what = f"the offsets in the file are for {reader.title}, not for {found.name}"
        raise UsageError(what, hint=f"give a target with that runtime, such as {reader.name}")
    return found


def holds_whole_plan(model: object) -> bool:
    """Whether the file of `model` has a whole plan of tmpass in it, which is for its original, not for itself.

    Raises:
        UsageError, ModelError: as `carried_plan` does.
    """
    _, data, frontend = open_model(model)
    return hasattr(frontend, "plan_in") and cast(RememberingFrontend, frontend).plan_in(data) is not None


def _named(found: Plan, name: str) -> Plan:
    return replace(found, model=replace(found.model, file=name))


def _with_offsets(model: Model, offsets: Mapping[TensorKey, int], target: Target) -> Plan:
    """The plan with the most sharing that is right at `offsets`; if none is, that without sharing."""
    from tmpass.api.plan import plan  # a file with the whole plan needs no planning

    found = None
    for options in _LEVELS:
        made = plan(
            model,
            target,
            schedule=OrderMethod.GIVEN,
            transfers=Transfers.NEVER,
            allow_unplanned=True,
            **options,
        )
        bases = _bases(made, offsets)
        if bases is not None:
            found = _moved(made, bases)
            if not check_plan(found, model.graph, target.sharing):
                return found
    if found is None:
        raise ModelError("its offline memory plan has two offsets for one buffer", hint="plan the model again")
    return replace(found, warnings=(*found.warnings, DOUBT))


def _bases(made: Plan, offsets: Mapping[TensorKey, int]) -> dict[int, int] | None:
    """The offset of each buffer that has one in the file; None where its tensors do not agree on it."""
    bases: dict[int, int] = {}
    for row in made.tensors:
        if row.buffer is None or row.offset is None or row.key not in offsets:
            continue
        if made.buffers[row.buffer].memory != made.target.memory:
            continue
        base = offsets[row.key] - (row.offset - made.buffers[row.buffer].offset)
        if base < 0 or bases.setdefault(row.buffer, base) != base:
            return None
    return bases


def _moved(made: Plan, bases: Mapping[int, int]) -> Plan:
    """`made` with its buffers at `bases`, and the others where they fit between."""
    memory = made.memories[0]
    rows = [row for row in made.buffers if row.memory == memory.name]
    placed = dict(bases)
    if len(placed) < len(rows):
        wanted = [Buffer(str(r.id), r.lower, r.upper, r.size, offset=bases.get(r.id), gaps=r.gaps) for r in rows]
        top = max((bases[r.id] + r.size for r in rows if r.id in bases), default=0)
        try:
            found = allocate(Problem(tuple(wanted), alignment=memory.alignment), "first-fit").offsets
        except UsageError:  # the offsets in the file overlap, or are not aligned: the others go above them
            found = tuple(bases.get(r.id, top + -top % memory.alignment + r.offset) for r in rows)
        placed = {row.id: offset for row, offset in zip(rows, found, strict=True)}
    granule = RUNTIMES[made.target.runtime].rounding
    peak = max((placed[row.id] + -(-row.size // granule) * granule for row in rows), default=0)
    buffers = tuple(replace(row, offset=placed.get(row.id, row.offset)) for row in made.buffers)
    by = {row.id: placed[row.id] - row.offset for row in rows}
    tensors = tuple(
        row if row.buffer not in by or row.offset is None else replace(row, offset=row.offset + by[row.buffer])
        for row in made.tensors
    )
    left = len(rows) - len(bases)
    note = NOTE + (_REST.format(count=left, all=len(rows)) if left else "")
    memories = (replace(memory, peak=peak, loaded=0), *made.memories[1:])
    fits = all(not one.shortfall for one in memories)
    optimal = fits and peak <= memory.lower_bound and made.status == Status.OPTIMAL
    status = Status.OPTIMAL if optimal else Status.FEASIBLE if fits else _unfit(memories[0].proved_shortfall)
    return replace(
        made,
        status=status.value,
        fits=fits,
        memories=memories,
        buffers=buffers,
        tensors=tensors,
        warnings=(note, *(w for w in made.warnings if "offline memory plan" not in w)),
        time=None,
        version="",
    )


def _unfit(proved: int) -> Status:
    return Status.INFEASIBLE if proved else Status.UNKNOWN
