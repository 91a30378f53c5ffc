"""Whether the first memory of a target, for which plans are made, may not be the one that was meant."""

from tmpass.targets.memory import Use
from tmpass.targets.target import Target


def faster_behind(target: Target) -> str:
    """That a memory behind the scratchpad is smaller and faster, in a line; empty where none is known to be.

    A target has its nearest memory first. In a plan for the large, slow memory of a board, the fast one stays empty.
    """
    first = target.scratchpad
    for memory in target.memories[target.memories.index(first) + 1 :]:
        able = memory.compute and Use.ACTIVATIONS in memory.holds
        faster = memory.bandwidth is not None and first.bandwidth is not None and memory.bandwidth > first.bandwidth
        smaller = memory.capacity is not None and (first.capacity is None or memory.capacity < first.capacity)
        if able and faster and smaller:
            return (
                f"the plan fills {first.name} first, since target {target.name} lists it first; {memory.name} "
                f"behind it is smaller and faster: if that is to be filled first, put its [[memory]] above that of "
                f"{first.name}"
            )
    return ""
