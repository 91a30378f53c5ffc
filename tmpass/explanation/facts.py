"""Why a plan takes the bytes that it takes: what `tmpass explain` finds out."""

from dataclasses import dataclass

from tmpass.packing.conflict import Conflict
from tmpass.plans.peak_step import PeakStep
from tmpass.plans.plan import Plan, PlannedBuffer, PlannedStep, PlannedTensor


@dataclass(frozen=True, slots=True)
class Alive:
    """A buffer at the fullest step, `used` of its bytes, and why it is alive there.

    `tensor` is the largest of its tensors that is in use there, None where it has none; `others` are so many more.
    `made` is the step that writes it, None for what the run begins with; `read` the last that reads it, None where no
    operator does. `here` says that the operator of the fullest step itself reads or writes it.
    """

    buffer: PlannedBuffer
    used: int
    tensor: PlannedTensor | None
    others: int
    made: PlannedStep | None
    read: PlannedStep | None
    here: bool


@dataclass(frozen=True, slots=True)
class Change:
    """Another way to plan, which was tried: `peak` is what it takes, `saves` how much less that is, both in bytes.

    `option` is what to type, empty where no option does it; `proved` says that no plan of that kind is smaller, `fits`
    that all memories are large enough then.
    """

    option: str
    what: str
    peak: int
    saves: int
    fits: bool
    proved: bool


@dataclass(frozen=True, slots=True)
class Split:
    """What to hope for at best if each of `tensors` were made and used in `pieces`, never all of it at once.

    Nobody tried: `least` bytes are a lower bound on the peak of any such plan in this order, and pieces may overlap.
    `alike` are so many more that are cut too, of the same shape and made by the same kind of operator: the other layers
    of a model that repeats itself. `axis` is the first that is long enough, for the first of the tensors.
    """

    tensors: tuple[PlannedTensor, ...]
    alike: int
    axis: int
    pieces: int
    least: int


@dataclass(frozen=True, slots=True)
class Again:
    """A tensor that only waits at the fullest step, and that `made` could make again when `read` needs it."""

    tensor: PlannedTensor
    made: PlannedStep
    read: PlannedStep


@dataclass(frozen=True, slots=True)
class Explanation:
    """What decides the peak of `plan`, and what would lower it.

    Fields: `full` is the fullest step of the memory that decides, `alive` who is there, the largest first. `alone` says
    that the operator of that step needs all of it at once, `as_full` counts the steps that are as full. `conflict` is a
    minimal set of buffers that cannot fit, of which `conflicting` are the buffers with their largest tensors.
    `changes` are those that lower the peak, best first, `together` all that can be asked for at once; `useless` are
    the options that were tried and do not. `splits` and `again` are hints. `over` are the spans of steps, as first and
    last, at which more bytes are alive than there are. `stopped` says that Ctrl-C came before all was tried.
    """

    plan: Plan
    full: PeakStep
    alive: tuple[Alive, ...]
    alone: bool
    as_full: int = 1
    conflict: Conflict | None = None
    conflicting: tuple[tuple[PlannedBuffer, PlannedTensor | None], ...] = ()
    changes: tuple[Change, ...] = ()
    together: Change | None = None
    useless: tuple[str, ...] = ()
    splits: tuple[Split, ...] = ()
    again: tuple[Again, ...] = ()
    over: tuple[tuple[int, int], ...] = ()
    stopped: bool = False

    @property
    def missing(self) -> int:
        """How many bytes the memory that decides is too small for the plan, 0 where it is not."""
        memory = self.full.memory
        return 0 if memory.capacity is None else max(0, memory.peak - memory.capacity)

    @property
    def order_is_least(self) -> bool:
        """Whether it is proved that no order of operators has a lower peak, with the sharing that is allowed."""
        memory = self.full.memory
        if self.plan.unknown_tensors:
            return False
        return memory.name == self.plan.memories[0].name and self.plan.order.lower_bound >= memory.peak

    @property
    def proved(self) -> bool:
        """Whether no address plan for this order and sharing has a lower peak; False with tensors of unknown size."""
        return not self.plan.unknown_tensors and self.full.memory.peak == self.full.memory.lower_bound
