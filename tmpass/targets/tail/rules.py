"""What a runtime keeps in the tail of its arena, as rules."""

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from enum import StrEnum

from tmpass.base.record import record
from tmpass.graph.model import Op
from tmpass.targets.sharing import CUSTOM

Size = int | str
"""A number of bytes or a formula."""

Place = tuple[int, int]
"""An operator: (subgraph, index)."""


class Per(StrEnum):
    """For what an allocation is made: once, or for each of something.

    RESOURCES is once if the model has variables that operators name, RESOURCE for each of these. OPTIONS and KERNEL are
    what the rules of the kernels say, for each operator. INPUT and OUTPUT are those of the main subgraph.
    """

    MODEL = "model"
    RESOURCES = "resources"
    RESOURCE = "resource"
    SUBGRAPH = "subgraph"
    TENSOR = "tensor"
    OPERATOR = "operator"
    OPTIONS = "options"
    KERNEL = "kernel"
    SCRATCH = "scratch"
    VARIABLE = "variable"
    INPUT = "input"
    OUTPUT = "output"


@record
class Allocation:
    """Bytes that the runtime takes from the end of the arena.

    Fields:
        what: its name for the user.
        per: for what it is made.
        bytes: one allocation after the other; formulas speak of the tensor as in0 where `per` is one.
        align: of each, in bytes; a formula on `word`.
        together: one allocation for all of a subgraph, or of the model.
    """

    what: str
    per: Per
    bytes: tuple[Size, ...] = ()
    align: Size = 16
    together: bool = False


@record
class Preparation:
    """What the runtime needs in the head while it prepares a model.

    Fields:
        request: for each scratch buffer asked for so far, and `spare` more.
        tensor: for a tensor that a kernel looks at; in0 in formulas.
        subgraph, tensors, buffer: of the lists of subgraphs, of tensors and scratch buffers, and of all that is placed.
    """

    request: Size = 0
    spare: int = 0
    tensor: tuple[Size, ...] = ()
    subgraph: Size = 0
    tensors: Size = 0
    buffer: Size = 0


@record
class Kernel:
    """What the kernel of one kind of operator, or of one operator, takes.

    Fields:
        kind: of the operators; with the prefix "custom:" where the format does not list it.
        options: the parsed attributes, aligned to `align`.
        persistent: buffers that it keeps, from before an operator is prepared.
        prepared: buffers that it keeps from its own preparation on.
        scratch: buffers that it needs while it runs.
        temporaries: the tensors that it looks at during preparation, such as "in0"; None for each input and output.
        resource: bytes of the variable that it assigns to.
        holds_outputs: its outputs are in its own buffers, and are not placed.
        place: the one operator; None for all of `kind`.
        keeps: what its buffers are, for the user, where their size grows with the model.
        source: where the numbers come from.
    """

    kind: str
    options: tuple[Size, ...] = ()
    align: Size = 4
    persistent: tuple[Size, ...] = ()
    prepared: tuple[Size, ...] = ()
    scratch: tuple[Size, ...] = ()
    temporaries: tuple[str, ...] | None = None
    resource: Size | None = None
    holds_outputs: bool = False
    place: Place | None = None
    keeps: str = ""
    source: str = ""


@record
class Rules:
    """The rules of a runtime.

    Fields:
        source: where the numbers come from.
        alignment: of the arena's start and end, of what is in the head, and of what kernels keep.
        persistent: in the order in which the runtime takes them.
        kernels: by kind.
        places: for single operators, before those by kind.
    """

    source: str
    alignment: int = 16
    persistent: tuple[Allocation, ...] = ()
    preparation: Preparation = field(default_factory=Preparation)
    kernels: Mapping[str, Kernel] = field(default_factory=dict)
    places: Mapping[Place, Kernel] = field(default_factory=dict)

    def kernel(self, place: Place, op: Op) -> Kernel | None:
        """The rule for the operator `op` at `place`; None where there is none."""
        return self.places.get(place) or self.kernels.get(CUSTOM + op.kind if op.custom else op.kind)

    def with_kernels(self, kernels: Iterable[Kernel]) -> "Rules":
        """These rules with `kernels` in the place of those for the same kinds and operators."""
        own = list(kernels)
        by_kind = {kernel.kind: kernel for kernel in own if kernel.place is None}
        by_place = {kernel.place: kernel for kernel in own if kernel.place is not None}
        return replace(self, kernels={**self.kernels, **by_kind}, places={**self.places, **by_place})
