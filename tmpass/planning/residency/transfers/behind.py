"""The memory behind the scratchpad, where buffers are while they are away, or else where constants are."""

from tmpass.base.choices import Transfers
from tmpass.base.errors import TargetError
from tmpass.graph.model import Graph
from tmpass.planning.residency.constants import StoredConstants
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


def find_source(graph: Graph, target: Target, stored: StoredConstants | None) -> Memory | None:
    """The memory behind the scratchpad for a search that places buffers and copies together, whether or not any leave.

    It is the memory to which buffers can be copied; without one, the home of the constants. None if there is nothing to
    search: the addresses of buffers are fixed, or operators read the constants in their home, so nothing is copied.

    Args:
        graph: of the model.
        target: of the plan.
        stored: the constants and their home.
    """
    if graph.fixed:
        return None
    home = None if stored is None or stored.home.compute else stored.home
    return find_behind(target) or home


def may_travel(graph: Graph, target: Target, transfers: str) -> bool:
    """Whether plans of `graph` may have transfers on `target`, with this word of choices.Transfers."""
    return transfers != Transfers.NEVER and not graph.fixed and find_behind(target) is not None


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
