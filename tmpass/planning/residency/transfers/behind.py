"""The memory behind the scratchpad, where buffers are while they are away."""

from tmpass.base.errors import TargetError
from tmpass.targets import Memory, Target, Use


def find_behind(target: Target) -> Memory | None:
    """The first memory after the scratchpad that may hold activations; None where buffers cannot be copied there.

    Memories are listed nearest first, so that it is slower, or operators do not use it.
    """
    memories = list(target.memories)
    after = memories[memories.index(target.scratchpad) + 1 :]
    if not target.runtime.copies_buffers or not target.scratchpad.compute:
        return None
    return next((memory for memory in after if Use.ACTIVATIONS in memory.holds), None)


def behind(target: Target) -> Memory:
    """The memory behind the scratchpad.

    Raises:
        TargetError: there is none, or the runtime does not copy buffers.
    """
    found = find_behind(target)
    if found is not None:
        return found
    where = f"target {target.name}"
    if not target.runtime.copies_buffers:
        what = f"{target.runtime.title or target.runtime.name} does not copy tensors between memories"
        raise TargetError(what, where=where, hint="plan without --transfers required")
    what = f"no memory behind {target.scratchpad.name} holds activations"
    hint = 'add "activations" to the `holds` of a later memory, or plan without --transfers required'
    raise TargetError(what, where=where, hint=hint)
