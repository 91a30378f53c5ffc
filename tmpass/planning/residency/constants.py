"""The constants of a model, and the memory that keeps them."""

from collections.abc import Iterator, Sequence

from tmpass.base.record import maker, record
from tmpass.graph.model import Graph, TensorKey, TensorKind
from tmpass.plans.plan import PlannedConstant
from tmpass.targets import Memory, Target


@record
class Constant:
    """A constant that is stored once.

    Fields:
        tensors: all that have its bytes, by rising key.
        size: in bytes.
    """

    tensors: tuple[TensorKey, ...]
    size: int


@record
class StoredConstants:
    """The constants of a graph in their home, the memory that keeps them."""

    home: Memory
    constants: tuple[Constant, ...]

    @property
    def total(self) -> int:
        """Their bytes, each size rounded up to the alignment of the home."""
        return sum(self._rounded(constant.size) for constant in self.constants)

    def _rounded(self, size: int) -> int:
        return -(-size // self.home.alignment) * self.home.alignment

    def rows(self, above: int, horizon: int) -> Iterator[PlannedConstant]:
        """The rows of a plan, one constant after the other.

        Args:
            above: the first free byte of the home.
            horizon: how many steps the plan has.
        """
        offset, made = self._rounded(above), maker(PlannedConstant)
        for number, constant in enumerate(self.constants):
            yield made(number, self.home.name, offset, constant.size, 0, horizon, constant.tensors)
            offset += self._rounded(constant.size)


def find_stored(graph: Graph, target: Target) -> StoredConstants | None:
    """The constants that a run of `graph` touches, in their home; None where no memory of `target` holds weights.

    Constants without bytes, and those of unknown size, are left out. Where tensors that are stored once claim different
    sizes, the largest counts.
    """
    home = target.constants_home
    if home is None:
        return None
    sizes: dict[TensorKey, int] = {}
    tensors: dict[TensorKey, list[TensorKey]] = {}
    for key in touched_constants(graph):
        stored = graph.stored_as(key)
        first, size = stored.first, stored.bytes
        if size and first in sizes:
            sizes[first] = max(size, sizes[first])
            tensors[first].append(key)
        elif size:
            sizes[first], tensors[first] = size, [key]
    made = maker(Constant)
    return StoredConstants(home, tuple([made(tuple(tensors[first]), sizes[first]) for first in sorted(sizes)]))


def touched_constants(graph: Graph) -> Sequence[TensorKey]:
    """The constants that are inputs of operators or of the model, or outputs of it, by rising key."""
    return graph.fact(_touched_constants)


def _touched_constants(graph: Graph) -> Sequence[TensorKey]:
    subgraphs = [
        (s, subgraph.of_kind(TensorKind.CONSTANT), subgraph.used) for s, subgraph in enumerate(graph.subgraphs)
    ]
    return [(s, t) for s, constants, used in subgraphs for t in constants if t in used]
