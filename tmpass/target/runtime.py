"""What runs a plan, where that is known: how it counts bytes, and how its loops pass values on."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Runtime:
    """A runtime, by a profile's key `runtime`.

    Fields: `rounding`, sizes are rounded up to a multiple of it; `loops_copy`, whether what goes around a loop waits in
    the outputs of its operator, so that a body's inputs and outputs need their bytes only while it runs; else they keep
    them through the whole loop, since one is copied to the other; `allocator`, the method by which it places tensors
    itself, whatever a plan says but its order, "" if it takes offsets; `resizes`, whether a caller can give inputs
    another size than the file has.
    """

    name: str = ""
    rounding: int = 1
    loops_copy: bool = False
    allocator: str = ""
    resizes: bool = True

    def round_up(self, size: int) -> int:
        """The bytes that `size` bytes take."""
        return -(-size // self.rounding) * self.rounding


RUNTIMES: Mapping[str, Runtime] = {
    "": Runtime(),
    "tflm": Runtime("tflm", rounding=16, loops_copy=True, resizes=False),
    "litert": Runtime("litert", allocator="greedy-by-size"),
}
"""By name; "" is one of which nothing is known. TensorFlow Lite Micro: its memory planner, and its kernel of
WHILE, which copies by way of its outputs; both measured with tflite-micro 0.dev20261023182759. LiteRT: its
ArenaPlanner, measured with ai-edge-litert 2.3.0.
"""
