"""The target that the offsets in a model file are for, as the heading beside them says."""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from tmpass.api.arguments import target_of
from tmpass.base.errors import UsageError
from tmpass.plans.heading import Heading, HeadingMemory
from tmpass.plans.plan import FILE_SOURCE
from tmpass.targets import EVERY, RUNTIMES, USES, Memory, Sharing, Target, Use, load_target, target_names

_UNKNOWN = "target {name} is not known here: its figures are those in the file; --target FILE takes its profile"
_NOT_GIVEN = "target {given} has other figures than the file, which is for {name}: those in the file are used"
_OTHER = "target {name} has other figures here: those in the file are used"
_GUESSED = (
    "the file does not say what its memories hold: that is a guess; --target FILE says it, or plan the model again"
)
_NO_HEADING = "the file names no target, so nothing is known of its board: no memory has a limit"
_ANY = Sharing((EVERY,), (EVERY,), (EVERY,))
"""The sharing without a runtime: the compiler owns the memory. What the plan has of it stays on trust."""


def target_of_heading(
    heading: Heading | None, given: str | os.PathLike[str] | Target | None
) -> tuple[Target, tuple[str, ...]]:
    """The target that offsets are for, and notes on what is assumed.

    Args:
        heading: beside the offsets, or None without one.
        given: the target of the user; None for the runtime that reads offsets, on any board. With a heading it only
            lends its profile, where that has the figures of the heading, whatever its name is.

    Raises:
        UsageError: the file has no heading, and the runtime of `given` does not read offsets.
        TargetError: `given` is unknown or wrong.
    """
    if heading is None:
        return _reader_of(given), (_NO_HEADING,) if given is None else ()
    known = [target_of(given)] if given is not None else []
    known += [load_target(heading.target)] if heading.target in target_names() else []
    known.sort(key=lambda one: one.name != heading.target)
    for one in known:
        if heading.is_of(one.override(heading.options.budget, heading.options.alignment)):
            return replace(one, name=heading.target), ()
    text = _OTHER if known and known[0].name == heading.target else _UNKNOWN if given is None else _NOT_GIVEN
    note = text.format(name=heading.target, given=known[0].name if known else "")
    guessed = len(heading.memories) > 1 and not heading.memories[0].holds
    return _of_figures(heading), (note, *([_GUESSED] if guessed else []))


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


def _of_figures(heading: Heading) -> Target:
    """A target with the memories of `heading`, and the sharing of built-in targets with its runtime."""
    rows = heading.memories
    home = next((row for row in rows if row.name == heading.home), None)
    buffers = _buffers(rows) if rows[0].holds else _guessed(rows, home)
    memories = [_memory(row, _holds(row, buffers[row.name], rows[0], home)) for row in rows]
    if home is None:  # as nothing was stored, any place is right
        memories.append(Memory("constants", None, 1, (Use.WEIGHTS,)))
    runtime = RUNTIMES[heading.runtime]
    alike = (one.sharing for one in map(load_target, target_names()) if one.runtime.name == heading.runtime != "")
    sharing = next(alike, _ANY)
    # Only plans that fit are written, so the profile named kernels for what the runtime does not run.
    own = () if heading.target in target_names() else (EVERY,)
    return Target(heading.target, "", FILE_SOURCE, tuple(memories), sharing, runtime=runtime, kernels=own)


def _buffers(rows: Sequence[HeadingMemory]) -> Mapping[str, Collection[str]]:
    """What buffers in each memory may be, as a heading says it. What the plan has nowhere may be in the scratchpad."""
    elsewhere = {use for row in rows[1:] for use in row.holds} - {*rows[0].holds, Use.ACTIVATIONS}
    return {row.name: set(row.holds) for row in rows} | {rows[0].name: {use for use in USES if use not in elsewhere}}


def _guessed(rows: Sequence[HeadingMemory], home: HeadingMemory | None) -> Mapping[str, Collection[str]]:
    """What buffers in each memory may be, of an older file that does not say it.

    A runtime that reads offsets has all buffers in the scratchpad but variables, which it may place on its own. They
    are apart where a memory besides the scratchpad and the home of constants is in use.
    """
    others = [row for row in rows[1:] if row is not home]
    found = {row.name: {Use.VARIABLES} if row in others else set() for row in rows}
    return found | {rows[0].name: set(USES) - ({Use.VARIABLES} if others else set())}


def _holds(
    row: HeadingMemory, buffers: Collection[str], first: HeadingMemory, home: HeadingMemory | None
) -> tuple[Use, ...]:
    """What a memory of a heading may hold, in the order of USES.

    Args:
        row: the memory.
        buffers: what its buffers may be.
        first: the scratchpad.
        home: of the constants; None where none is stored.
    """
    weights = row is home or (home is not None and not home.compute and row is first)
    return tuple(use for use in USES if (weights if use == Use.WEIGHTS else use in buffers))


def _memory(row: HeadingMemory, holds: tuple[Use, ...]) -> Memory:
    sources = dict.fromkeys(("capacity", "alignment", *(["reserve"] if row.reserve else [])), FILE_SOURCE)
    figures = {name: getattr(row, name) for name in ("reserve", "compute", "chunk")}
    return Memory(row.name, row.capacity, row.alignment, holds, sources=sources, **figures)
