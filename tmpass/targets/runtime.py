"""What runs a plan, where that is known: how it counts bytes, and how its loops pass values on."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from tmpass.targets.kernels import LITERT, TFLM


@dataclass(frozen=True, slots=True)
class Runtime:
    """A runtime, by a profile's key `runtime`.

    Fields: `rounding`, sizes are rounded up to a multiple of it; `loops_copy`, whether what goes around a loop waits in
    the outputs of its operator, so that a body's inputs and outputs need their bytes only while it runs; else they keep
    them through the whole loop, since one is copied to the other; `allocator`, the method by which it places tensors
    itself, whatever a plan says but its order, "" if it takes offsets; `title`, its name for a reader; `reads`, the
    formats of models that it reads, none where that is not known; `io_inside`, whether inputs and outputs are always in
    its arena; `without_scratch`, the kinds of operators whose kernels need nothing but their tensors; `resizes`,
    whether a caller can give inputs another size than the file has.
    """

    name: str = ""
    rounding: int = 1
    loops_copy: bool = False
    allocator: str = ""
    title: str = ""
    reads: tuple[str, ...] = ()
    io_inside: bool = False
    without_scratch: Collection[str] = frozenset()
    resizes: bool = True

    def round_up(self, size: int) -> int:
        """The bytes that `size` bytes take."""
        return -(-size // self.rounding) * self.rounding


RUNTIMES: Mapping[str, Runtime] = {
    "": Runtime(),
    "tflm": Runtime(
        "tflm",
        rounding=16,
        loops_copy=True,
        title="TensorFlow Lite Micro",
        reads=("tflite",),
        io_inside=True,
        without_scratch=TFLM,
        resizes=False,
    ),
    "litert": Runtime("litert", allocator="greedy-by-size", title="LiteRT", reads=("tflite",), without_scratch=LITERT),
}
"""By name; "" is one of which nothing is known. TensorFlow Lite Micro: its memory planner, which allocates all inputs
and outputs in the arena, and its kernel of WHILE, which copies by way of its outputs; both measured with tflite-micro
0.dev20261023182759. LiteRT: its ArenaPlanner, measured with ai-edge-litert 2.3.0; a caller can bring memory for inputs
and outputs (custom allocations).
"""
