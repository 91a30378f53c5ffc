"""The target that the offsets in a model file are for, as the heading beside them says."""

import os
from dataclasses import replace

from tmpass.api.arguments import target_of
from tmpass.base.errors import UsageError
from tmpass.plans.heading import Heading, HeadingMemory
from tmpass.targets import EVERY, RUNTIMES, USES, Memory, Sharing, Target, Use, load_target, target_names

_UNKNOWN = "target {name} is not known here: its figures are those in the file; --target FILE takes its profile"
_NOT_GIVEN = "target {given} has other figures than the file, which is for {name}: those in the file are used"
_OTHER = "target {name} has other figures here: those in the file are used"
_NO_HEADING = "the file names no target, so nothing is known of its board: no memory has a limit"
SOURCE = "the planned file"
"""The source of figures that only a heading has."""

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
    return _of_figures(heading), (text.format(name=heading.target, given=known[0].name if known else ""),)


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
    others = [row for row in rows[1:] if row is not home]
    memories = [_memory(row, _holds(row, rows[0], home, apart=bool(others))) for row in rows]
    if home is None:  # as nothing was stored, any place is right
        memories.append(Memory("constants", None, 1, (Use.WEIGHTS,)))
    runtime = RUNTIMES[heading.runtime]
    alike = (one.sharing for one in map(load_target, target_names()) if one.runtime.name == heading.runtime != "")
    sharing = next(alike, _ANY)
    # Only plans that fit are written, so the profile named kernels for what the runtime does not run.
    own = () if heading.target in target_names() else (EVERY,)
    return Target(heading.target, "", SOURCE, tuple(memories), sharing, runtime=runtime, kernels=own)


def _holds(row: HeadingMemory, first: HeadingMemory, home: HeadingMemory | None, *, apart: bool) -> tuple[Use, ...]:
    """What a memory of a heading may hold.

    A runtime that reads offsets has all buffers in the scratchpad but variables, which it may place on its own.

    Args:
        row: the memory.
        first: the scratchpad.
        home: of the constants; None where none is stored.
        apart: whether a memory besides these two is in use: it has the variables.
    """
    found: list[Use] = []
    if row is first:
        found += [use for use in USES if use not in (Use.WEIGHTS, *([Use.VARIABLES] if apart else []))]
    elif row is not home:
        found.append(Use.VARIABLES)
    copied = home is not None and not home.compute
    return (*found, Use.WEIGHTS) if row is home or (copied and row is first) else tuple(found)


def _memory(row: HeadingMemory, holds: tuple[Use, ...]) -> Memory:
    sources = dict.fromkeys(("capacity", "alignment", *(["reserve"] if row.reserve else [])), SOURCE)
    figures = {name: getattr(row, name) for name in ("reserve", "compute", "chunk")}
    return Memory(row.name, row.capacity, row.alignment, holds, sources=sources, **figures)
