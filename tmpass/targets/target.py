"""A target: what plans are made for."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tmpass.base.errors import TargetError
from tmpass.targets.memory import Memory
from tmpass.targets.runtime import Runtime
from tmpass.targets.scratch.rule import ScratchRule
from tmpass.targets.sharing import Sharing

NO_SCRATCHPAD = "no memory holds activations"
ADD_ACTIVATIONS = 'add "activations" to the `holds` of one'


@dataclass(frozen=True, slots=True)
class Target:
    """The memories of an accelerator, nearest first, what its runtime allows, and what its kernels need.

    Fields: `standing` says how far the numbers can be trusted: "public", "assumed", ...; `scratch` are the buffers
    that kernels need while they run; `runtime` is what runs the plan; `int8` is "native" where operators between a
    DequantizeLinear and a QuantizeLinear compute with the integers, else "float", and `int8_source` says where that
    comes from. `load_target` makes a Target from the name of a
    built-in profile or from a TOML file.
    """

    name: str
    summary: str
    standing: str
    memories: tuple[Memory, ...]
    sharing: Sharing = field(default_factory=Sharing)
    scratch: tuple[ScratchRule, ...] = ()
    runtime: Runtime = field(default_factory=Runtime)
    int8: str = "float"
    int8_source: str = ""

    @property
    def scratchpad(self) -> Memory:
        """The memory that plans are made for: the first that holds activations.

        Raises:
            TargetError: there is none.
        """
        for memory in self.memories:
            if "activations" in memory.holds:
                return memory
        raise TargetError(NO_SCRATCHPAD, where=f"target {self.name}", hint=ADD_ACTIVATIONS)

    def memory_for(self, uses: Iterable[str]) -> Memory:
        """Return the first memory that may hold all of `uses`, some of USES.

        Raises:
            TargetError: there is none.
        """
        wanted = set(uses)
        for memory in self.memories:
            if all(use in memory.holds for use in wanted):
                return memory
        held = {use for memory in self.memories for use in memory.holds}
        missing = sorted(wanted - held)
        if missing:
            names = " and ".join(f'"{use}"' for use in missing)
            hint = f"add {names} to the `holds` of a memory"
            # Inputs and outputs are the only ones that a caller can keep elsewhere.
            hint += ", or plan with --io external" if missing == ["inputs_outputs"] else ""
        else:
            hint = "add them to the `holds` of one, or plan with --share none"
        raise TargetError(
            f"no memory holds {' and '.join(missing or sorted(wanted))}", where=f"target {self.name}", hint=hint
        )

    @property
    def assumed(self) -> tuple[str, ...]:
        """The facts that nobody outside knows, as "memory.number", "sharing.what", "scratch.kind" or "int8"."""
        facts = [(memory.name, memory.sources) for memory in self.memories] + [("sharing", self.sharing.sources)]
        facts += [("scratch", {rule.kind: rule.source}) for rule in self.scratch]
        found = [
            f"{name}.{fact}"
            for name, sources in facts
            for fact, source in sources.items()
            if source.startswith("assumed")
        ]
        return (*found, "int8") if self.int8_source.startswith("assumed") else tuple(found)

    def override(self, capacity: int | None = None, alignment: int | None = None) -> "Target":
        """Return this target with another capacity or alignment of its scratchpad, in bytes; None keeps it.

        Raises:
            TargetError: no memory holds activations.
        """
        old = new = self.scratchpad
        if capacity is not None:
            new = replace(new, capacity=capacity, sources={**new.sources, "capacity": "--budget"})
        if alignment is not None:
            new = replace(new, alignment=alignment, sources={**new.sources, "alignment": "--alignment"})
        return replace(self, memories=tuple(new if memory is old else memory for memory in self.memories))
