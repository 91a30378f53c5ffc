"""A target: the device and the runtime for which plans are made."""

from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from tmpass.base.choices import Int8
from tmpass.base.errors import TargetError
from tmpass.base.record import record
from tmpass.targets.memory import Memory, Use
from tmpass.targets.runtime import Runtime
from tmpass.targets.scratch.rule import ScratchRule
from tmpass.targets.sharing import Sharing

BUDGET = "--budget"
"""The source of a capacity that `override` gave."""

NO_SCRATCHPAD = "no memory that operators use directly holds activations"
ADD_ACTIVATIONS = 'add "activations" to the `holds` of one'

WORD_ASSUMED = "assumed: the profile has no `word`; with 4, the runtime keeps less"
"""The origin of the size of a pointer where a profile does not say it."""


@record
class Target:
    """The memories of a device, what its runtime allows, and what its kernels need.

    `load_target` makes a Target from the name of a built-in profile or from a TOML file.

    Fields:
        name: of the profile.
        summary: one line about the device.
        standing: how far the numbers can be trusted: "public", "assumed", ...
        consumer: what uses a plan for it, in one line; empty if that is not said.
        memories: nearest first.
        sharing: which operators may share storage between inputs and outputs.
        scratch: rules for the buffers that kernels need while they run.
        runtime: what runs the plan.
        int8: what operators between integers compute with.
        int8_source: where that comes from.
        word: the bytes of a pointer, 4 or 8. Where it is not known, 8, with which a runtime keeps more.
        word_source: where that comes from.
        implied: what its profile leaves to the runtime, of "sharing" and "scratch".
        kernels: kinds of operators that the device runs whatever is known of its runtime, as with kernels of its own.
        macs_per_second: the multiply-accumulate operations that it computes per second; None where that is not known.
        prefetch: whether copies between memories take place while operators compute.
        sources: where the last two and `kernels` come from, by their names.
    """

    name: str
    summary: str
    standing: str
    memories: tuple[Memory, ...]
    sharing: Sharing = field(default_factory=Sharing)
    scratch: tuple[ScratchRule, ...] = ()
    runtime: Runtime = field(default_factory=Runtime)
    int8: Int8 = Int8.FLOAT
    int8_source: str = ""
    word: int = 8
    word_source: str = ""
    macs_per_second: int | None = None
    prefetch: bool = False
    sources: Mapping[str, str] = field(default_factory=dict, hash=False)
    consumer: str = ""
    implied: tuple[str, ...] = ()
    kernels: tuple[str, ...] = ()

    @property
    def scratchpad(self) -> Memory:
        """The memory for which plans are made: the first that holds activations and that operators use directly.

        Raises:
            TargetError: there is none.
        """
        for memory in self.memories:
            if Use.ACTIVATIONS in memory.holds and memory.compute:
                return memory
        raise TargetError(NO_SCRATCHPAD, where=f"target {self.name}", hint=ADD_ACTIVATIONS)

    @property
    def constants_home(self) -> Memory | None:
        """The memory that keeps the constants of a model: the last that holds weights; None if none does."""
        return next((memory for memory in reversed(self.memories) if Use.WEIGHTS in memory.holds), None)

    def memory_for(self, uses: Iterable[str]) -> Memory:
        """The first memory that operators use directly and that may hold all of `uses`.

        Args:
            uses: some of USES.

        Raises:
            TargetError: there is none.
        """
        wanted = set(uses)
        direct = [memory for memory in self.memories if memory.compute]
        for memory in direct:
            if all(use in memory.holds for use in wanted):
                return memory
        missing = sorted(wanted - {use for memory in direct for use in memory.holds})
        behind = [memory.name for memory in self.memories if not memory.compute and wanted & set(memory.holds)]
        if missing and behind:
            hint = f"operators do not use {behind[0]} directly: add {_quoted(missing)} to the `holds` of a memory that "
            hint += "they use, or set its `compute` to true"
        elif missing:
            hint = f"add {_quoted(missing)} to the `holds` of a memory"
            # Inputs and outputs are the only tensors that a caller can keep elsewhere.
            if missing == [Use.INPUTS_OUTPUTS] and not self.runtime.io_inside:
                hint += ", or plan with --io external"
        else:
            hint = "add them to the `holds` of one, or plan with --share none"
        raise TargetError(
            f"no memory holds {' and '.join(missing or sorted(wanted))}", where=f"target {self.name}", hint=hint
        )

    @property
    def word_origin(self) -> str:
        """Where the size of a pointer comes from, or that it is assumed; empty where nothing depends on it."""
        return self.word_source or (WORD_ASSUMED if self.runtime.tail else "")

    @property
    def assumed(self) -> tuple[str, ...]:
        """The facts whose source is an assumption.

        They are named as "memory.number", "sharing.what", "scratch.kind", "int8", "word", "macs_per_second" or
        "prefetch".
        """
        facts = [(memory.name, memory.sources) for memory in self.memories] + [("sharing", self.sharing.sources)]
        facts += [("scratch", {rule.kind: rule.source}) for rule in self.scratch]
        found = [
            f"{name}.{fact}"
            for name, sources in facts
            for fact, source in sources.items()
            if source.startswith("assumed")
        ]
        found += ["int8"] * self.int8_source.startswith("assumed")
        found += ["word"] * self.word_origin.startswith("assumed")
        return (*found, *(name for name, source in self.sources.items() if source.startswith("assumed")))

    def override(self, capacity: int | None = None, alignment: int | None = None) -> "Target":
        """This target with another capacity or alignment of its scratchpad, in bytes; None keeps the number.

        Raises:
            TargetError: no memory holds activations.
        """
        old = new = self.scratchpad
        if capacity is not None:
            # The budget is what the plan may use, so no part of it is reserved.
            known = {name: source for name, source in new.sources.items() if name != "reserve"}
            new = replace(new, capacity=capacity, reserve=0, sources={**known, "capacity": BUDGET})
        if alignment is not None:
            new = replace(new, alignment=alignment, sources={**new.sources, "alignment": "--alignment"})
        return replace(self, memories=tuple(new if memory is old else memory for memory in self.memories))


def _quoted(uses: Iterable[str]) -> str:
    return " and ".join(f'"{use}"' for use in uses)
