"""The plan that a model file carries: what tmpass wrote into it, or the offsets of another tool."""

import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from hashlib import sha256
from typing import Any, cast

from tmpass.api.heading_target import target_of_heading
from tmpass.api.heading_word import with_word
from tmpass.api.moved_plan import moved_plan
from tmpass.base.choices import OrderMethod, Share, Transfers
from tmpass.base.errors import ModelError, UsageError
from tmpass.graph.binding import batch_notes
from tmpass.graph.model import Graph, TensorKey
from tmpass.loading.contract import FrontFrontend, OffsetsFrontend, RememberingFrontend
from tmpass.loading.load import Model, load_opened
from tmpass.loading.open_model import open_model
from tmpass.plans.heading import Heading, read_heading, scratch_digest
from tmpass.plans.model_info import Carried
from tmpass.plans.plan import Options, Plan
from tmpass.plans.plan_json import parse_plan
from tmpass.targets import RUNTIMES, Target
from tmpass.verification.plan import check_plan

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

_SCRATCH = "the plan was made with scratch rules that are not in the file (--scratch): what they add is not here"


def carried_plan(model: object, target: str | os.PathLike[str] | Target | None = None) -> Plan | None:
    """The plan that the file of `model` carries.

    A planned ONNX model holds the whole plan. A TFLite model holds offsets (an offline memory plan), of tmpass or of
    another tool: they become a plan in the order of the file, with as much sharing as they agree with. Beside those of
    tmpass is what the plan was made for: the target, the figures of its memories, and the options.

    Args:
        model: as for `tmpass.plan`.
        target: for offsets: what they are meant for, where the file does not say it; by default the runtime that reads
            them, on any board. Where the file names a target of one's own, its profile.

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
                return _carried(parse_plan(text, "the plan in the file"), name, Carried(sha256(data).hexdigest()))
        if loaded is not None:
            offsets = cast(OffsetsFrontend, frontend).offsets_in(data, loaded.graph)
    except ModelError as error:
        raise error.within(name) from None
    if loaded is None or not offsets:
        return None
    text = frontend.heading_in(loaded.graph) if hasattr(frontend, "heading_in") else None
    heading = None if text is None else _heading(text, name)
    board, notes = target_of_heading(heading, target)
    found = _with_offsets(loaded, offsets, heading, with_word(board, heading, loaded.graph, offsets), notes)
    front = cast(FrontFrontend, frontend).front_of(data) if hasattr(frontend, "front_of") else b""
    return _carried(found, name, Carried(loaded.info.sha256, front))


def _heading(text: bytes, name: str) -> Heading:
    """The heading in the file `name`.

    Raises:
        ModelError: it is damaged.
    """
    try:
        return read_heading(text, "the heading of the plan in it")
    except UsageError as error:
        raise ModelError(str(error), where=name, hint="plan the model again, or update tmpass") from None


def holds_whole_plan(model: object) -> bool:
    """Whether the file of `model` has a whole plan of tmpass in it, which is for its original, not for itself.

    Raises:
        UsageError, ModelError: as `carried_plan` does.
    """
    _, data, frontend = open_model(model)
    return hasattr(frontend, "plan_in") and cast(RememberingFrontend, frontend).plan_in(data) is not None


def order_only(model: object) -> str:
    """The name of the target of a planned file that holds the order and no offsets; empty for any other file.

    That is so where sizes are not those in the file, since runtimes that read offsets take these.

    Raises:
        UsageError, ModelError: as `carried_plan` does.
    """
    name, data, frontend = open_model(model)
    if not hasattr(frontend, "heading_in"):
        return ""
    text = frontend.heading_in(load_opened(name, data, frontend, {}, batches=True).graph)
    return "" if text is None else _heading(text, name).target


def planned_for(model: object) -> Target | None:
    """The target that the plan in a file was made for; None where the file has none, or does not say it.

    Raises:
        UsageError, ModelError: as `carried_plan` does.
    """
    name, data, frontend = open_model(model)
    if not hasattr(frontend, "heading_in") or not hasattr(frontend, "offsets_in"):
        return None
    graph = load_opened(name, data, frontend, {}, batches=True).graph
    text = frontend.heading_in(graph)
    if text is None:
        return None
    heading = _heading(text, name)
    options, board = heading.options, target_of_heading(heading, None)[0]
    try:
        offsets = cast(OffsetsFrontend, frontend).offsets_in(data, graph) or {}
    except ModelError as error:
        raise error.within(name) from None
    return with_word(board, heading, graph, offsets).override(options.budget, options.alignment)


def assumptions(plan: Plan) -> tuple[str, ...]:
    """What is assumed in a plan that was made of offsets in a file; nothing for other plans."""
    return plan.warnings[1:] if plan.is_of_file else ()


def _carried(found: Plan, name: str, carried: Carried) -> Plan:
    return replace(found, model=replace(found.model, file=name, carried=carried))


def _with_offsets(
    model: Model, offsets: Mapping[TensorKey, int], heading: Heading | None, target: Target, notes: tuple[str, ...]
) -> Plan:
    """The plan with the most sharing that is right at `offsets`; if none is, that without sharing."""
    from tmpass.api.plan import plan  # a file with the whole plan needs no planning

    found = None
    fixed, own = _options(heading)
    for options in (own, *(level for level in _LEVELS if level != own)):
        made = plan(
            model,
            target,
            schedule=OrderMethod.GIVEN,
            transfers=Transfers.NEVER,
            **fixed,
            **options,
        )
        bases = _bases(made, offsets)
        if bases is not None:
            found = _noted(moved_plan(made, bases, heading), heading, notes, model.graph)
            if not check_plan(found, model.graph, target.sharing):
                return found
    if found is None:
        raise ModelError("its offline memory plan has two offsets for one buffer", hint="plan the model again")
    return replace(found, warnings=(*found.warnings, DOUBT))


def _options(heading: Heading | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options of tmpass.plan besides sharing, and those of sharing, as `heading` has them."""
    if heading is None:
        return {"allow_unplanned": True}, {}
    asked, usual = asdict(heading.options), asdict(Options())
    fixed = {name: asked[name] for name in ("budget", "alignment", "io", "keep_inputs", "int8", "tie")}
    sharing = {name: asked[name] for name in ("share", "inplace", "share_io") if asked[name] != usual[name]}
    return {**fixed, "allow_unplanned": True}, sharing


def _noted(found: Plan, heading: Heading | None, notes: tuple[str, ...], graph: Graph) -> Plan:
    """`found` with `notes`, and one where the plan in the file was made with other scratch rules.

    Without those on an open batch: offsets in a file are for the number in it, and planning the file again says that.
    """
    settled = {*batch_notes(graph), *batch_notes(graph, fixed_by=RUNTIMES[found.target.runtime].title)}
    if heading is not None and heading.scratch != scratch_digest(found):
        notes = (*notes, _SCRATCH)
    first, *others = found.warnings
    return replace(found, warnings=(first, *notes, *(line for line in others if line not in settled)))


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
