"""Runtimes, which run plans: how they count bytes, and how their loops pass values on."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import field, fields
from functools import cache
from typing import cast

from tmpass.base.errors import UsageError
from tmpass.base.plugins import load_registered
from tmpass.base.record import record
from tmpass.targets.kernel_types import Kernels, tflm_kernels
from tmpass.targets.kernels import LITERT, LITERT_KEPT, TFLM, TFLM_CUSTOM, Kept
from tmpass.targets.run_time import TFLM_TIMES, RunTime

GROUP = "tmpass.runtimes"
"""The entry point group in which other packages register theirs: a name, and a Runtime of that name."""


SPLIT_FOR = "tflm"
"""The target for which models are split unless another one is asked for: its arenas are predicted to the byte."""


@record
class Runtime:
    """A runtime, which a profile names by its key `runtime`.

    Fields:
        name: of the runtime, or "" where nothing is known of it.
        rounding: sizes are rounded up to a multiple of this, in bytes.
        loops_copy: whether the values that a loop passes on wait in the outputs of its operator. Then the inputs and
            outputs of a body need their bytes only while it runs. Otherwise they keep them during the whole loop, since
            one is copied to the other.
        allocator: the one by which it places tensors itself, whatever a plan says but its order; "" if it takes
            offsets.
        title: its name for the user.
        reads: the formats of models that it reads; empty where that is not known.
        io_inside: whether inputs and outputs are always in its arena.
        without_scratch: the kinds of operators whose kernels need no scratch.
        resizes: whether a caller can give inputs another size than the file has.
        keeps_offsets: whether it places tensors where the file of a planned model says.
        keeps_file: whether the file of the model stays in memory, with its constants in place.
        probes: the formats whose frontends ask its interpreter what kernels need.
        tail: the rules for the tail of its arena: a name, or the path of a file that ends in .toml; "" where
            they are not known.
        rules: what its kernels share and need as scratch, where a profile does not say it: the name of a file in
            `runtimes/`, or the path of one that ends in .toml; "" where that is not known.
        keeps: the kinds of operators whose outputs it keeps from one run to the next, and when.
        transfers: whether it copies buffers out of the scratchpad and back, as a plan says.
        most_joined: the most inputs of one operator that concatenates; None for any number.
        script: the path of one that runs a model and its planned file in it; "" without one.
        kernels: returns what its kernels take, by kind of operator; it has no others for the formats that it reads.
            None where that is not known.
        custom_kernels: the custom operators for which it has kernels; others are the program's own.
        times: of its kernels; None where they were not measured.
        alignment: bytes; it places every tensor at a multiple of them, and its kernels may rely on that.
        keeps_variables: whether variables are in the tail of its arena, wherever a plan has them.
        resolver: the class in which a program registers the kernels that a model needs; "" if it has all.
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
    keeps_offsets: bool = False
    keeps_file: bool = False
    probes: tuple[str, ...] = ()
    tail: str = ""
    rules: str = ""
    keeps: Mapping[str, Kept] = field(default_factory=dict, hash=False)
    transfers: bool = False
    most_joined: int | None = None
    kernels: Callable[[], Mapping[str, Kernels]] | None = None
    custom_kernels: frozenset[str] = frozenset()
    times: RunTime | None = field(default=None, hash=False)
    alignment: int = 1
    keeps_variables: bool = False
    resolver: str = ""
    script: str = ""

    @property
    def copies_buffers(self) -> bool:
        """Whether a plan for it may have transfers. Where no runtime is named, the firmware makes the copies."""
        return self.transfers or not self.name

    def round_up(self, size: int) -> int:
        """`size` in bytes, rounded up as the runtime does."""
        return -(-size // self.rounding) * self.rounding


class _Runtimes(dict[str, Runtime]):
    """The built-in runtimes; what other packages register is known by its name only, and not listed."""

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(name, str) and _registered(name) is not None)

    def __missing__(self, name: str) -> Runtime:
        found = _registered(name)
        if found is None:
            raise KeyError(name)
        return found


@cache
def _registered(name: str) -> Runtime | None:
    """The runtime that another package registers as `name`; None where none does.

    Raises:
        UsageError: it cannot be imported, or is not a Runtime of that name.
    """
    found = load_registered(GROUP, name, [one.name for one in fields(Runtime)])
    if found is not None and getattr(found, "name", None) != name:
        hint = "register it under the name that it has"
        raise UsageError(f"runtime {name!r} has the name {getattr(found, 'name', None)!r}", hint=hint)
    return cast(Runtime | None, found)


RUNTIMES: Mapping[str, Runtime] = _Runtimes(
    {
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
            keeps_offsets=True,
            keeps_file=True,
            probes=("tflite",),
            tail="tflm",
            rules="tflm",
            most_joined=10,
            kernels=tflm_kernels,
            custom_kernels=TFLM_CUSTOM,
            times=TFLM_TIMES,
            alignment=16,
            keeps_variables=True,
            resolver="tflite::MicroMutableOpResolver",
            script="docs/examples/run_in_tflm.py",
        ),
        "litert": Runtime(
            "litert",
            allocator="greedy-by-size",
            title="LiteRT",
            reads=("tflite",),
            without_scratch=LITERT,
            keeps_file=True,
            rules="litert",
            keeps=LITERT_KEPT,
        ),
    }
)
"""By name; "" is one of which nothing is known. All that tmpass knows of a runtime is in its row.

TensorFlow Lite Micro: its memory planner, which allocates all inputs and outputs in the arena, and its kernel of WHILE,
which copies by way of its outputs; both measured with tflite-micro 0.dev20261023182759. LiteRT: its ArenaPlanner,
measured with ai-edge-litert 2.3.0; a caller can bring memory for inputs and outputs (custom allocations).
"""
