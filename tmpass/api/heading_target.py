"""The target that the offsets in a model file are for, as the heading beside them says."""

import os

from tmpass.api.arguments import held_against, target_of
from tmpass.base.errors import UsageError
from tmpass.plans.heading import Heading, HeadingMemory
from tmpass.targets import RUNTIMES, USES, Memory, Sharing, Target, Use, load_target, target_names

_FIGURES = "target {name} is not known here: its figures are those in the file"
_NO_HEADING = "the file names no target, so nothing is known of its board: no memory has a limit"
SOURCE = "the planned file"
"""The source of figures that only a heading has."""


def target_of_heading(
    heading: Heading | None, given: str | os.PathLike[str] | Target | None
) -> tuple[Target, tuple[str, ...]]:
    """The target that offsets are for, and notes on what is assumed.

    Args:
        heading: beside the offsets, or None without one.
        given: the target of the user; None for the runtime that reads offsets, on any board. With a heading it only
            lends its profile, where that has the figures of the heading.

    Raises:
        UsageError: there is no heading, and the runtime of `given` does not read offsets.
        TargetError: `given` is unknown or wrong.
    """
    if heading is None:
        return _reader_of(given), (_NO_HEADING,) if given is None else ()
    known = given is not None, heading.target in target_names()
    for source, here in zip((given, heading.target), known, strict=True):
        if here and heading.is_of(held_against(target_of(source), heading.options)):  # type: ignore[arg-type]
            return target_of(source), ()
    return _of_figures(heading), (_FIGURES.format(name=heading.target),)


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
    """A target with the memories of `heading`, and the sharing of its runtime."""
    rows = heading.memories
    home = next((row.name for row in rows if row.name == heading.home), "")
    memories = [_memory(row, scratchpad=at == 0, home=row.name == home) for at, row in enumerate(rows)]
    if not home:  # as nothing was stored, any place is right
        memories.append(Memory("constants", None, 1, (Use.WEIGHTS,)))
    sharing = load_target(heading.runtime).sharing if heading.runtime in target_names() else Sharing()
    runtime = RUNTIMES[heading.runtime]
    return Target(heading.target, "", SOURCE, tuple(memories), sharing, runtime=runtime)


def _memory(row: HeadingMemory, *, scratchpad: bool, home: bool) -> Memory:
    others = tuple(use for use in USES if use != Use.WEIGHTS)
    holds = (others if scratchpad else ()) + ((Use.WEIGHTS,) if home else ())
    sources = dict.fromkeys(("capacity", "alignment", "reserve"), SOURCE)
    return Memory(row.name, row.capacity, row.alignment, holds, sources=sources, reserve=row.reserve)
