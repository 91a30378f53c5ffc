"""The values that `tmpass explain` finds out about the peak of a plan."""

from typing import TYPE_CHECKING

from tmpass.base.record import record
from tmpass.explanation.curve_point import CurvePoint
from tmpass.explanation.runtime_part import RuntimePart
from tmpass.packing.conflict import Conflict
from tmpass.plans.peak_step import PeakStep
from tmpass.plans.plan import Plan, PlannedBuffer, PlannedConstant, PlannedStep, PlannedTensor
from tmpass.plans.rendered import rendered

if TYPE_CHECKING:
    from tmpass.api.split_offer import NoSplit, SplitFault, SplitOffer
    from tmpass.explanation.travels import Travels


@record
class Alive:
    """A buffer that is alive at the peak step, and why.

    Fields:
        used: its bytes in use at that step.
        tensor: the largest of its tensors in use at that step; None for scratch.
        others: the number of its other tensors in use at that step.
        made: the step that writes it; None for inputs and variables.
        read: the last step that reads it; None where no operator does.
        here: whether the operator of the peak step reads or writes it.
    """

    buffer: PlannedBuffer
    used: int
    tensor: PlannedTensor | None
    others: int
    made: PlannedStep | None
    read: PlannedStep | None
    here: bool


@record
class Change:
    """Another way to plan the model, which was tried and has a lower peak.

    Fields:
        option: the option to type; empty where no option does it.
        what: the change in words.
        peak: the new peak in bytes.
        saves: the old peak minus the new one, in bytes.
        fits: whether all memories are large enough then.
        proved: whether no plan of that kind has a lower peak.
    """

    option: str
    what: str
    peak: int
    saves: int
    fits: bool
    proved: bool


@record
class Tiling:
    """A bound on the peak if tensors were written and read in pieces, never whole; not tried.

    Fields:
        tensors: the tensors to tile.
        alike: the number of further tensors that are tiled as well: those of the same shape that the same kind of
            operator writes, such as the other layers of a repetitive model.
        axis: the first axis of the first tensor that is long enough; of an image its height or width.
        letter: of that axis, D, H or W; empty where the tensor is not an image.
        pieces: the number of pieces.
        least: a lower bound, in bytes, on the peak of any such plan in this order. Pieces that overlap need more.
    """

    tensors: tuple[PlannedTensor, ...]
    alike: int
    axis: int
    pieces: int
    least: int
    letter: str = ""


@record
class Rematerialisation:
    """A tensor that the peak step does not use: `made` could compute it again before `read`, its last reader."""

    tensor: PlannedTensor
    made: PlannedStep
    read: PlannedStep


@record
class StreamedBudget:
    """The least budget of a model whose constants are copied to the scratchpad, whatever the budget of its plan is.

    Fields:
        bytes: with this budget the model fits.
        lowest: with less it does not, in any order and with any sharing (proved).
        proved: `in any order` or `in its order`, where less is ruled out in these; empty where a smaller one may do.
    """

    bytes: int
    lowest: int
    proved: str


@record
class Explanation:
    """The reasons for the peak of a plan, and changes that would lower it.

    Fields:
        plan: the plan.
        peak_step: the peak step of the memory that decides whether the plan fits.
        alive: the buffers alive at that step, by falling size.
        one_operator: whether the operator of that step reads or writes all of them.
        peak_steps: the number of steps with as many live bytes, that step included.
        conflict: a minimal set of buffers that cannot fit, if there is one.
        conflicting: the buffers of the conflict, each with its largest tensor.
        changes: the changes that lower the peak, best first.
        together: all options at once, where that is lower than each alone.
        quantized: what integers of 8 bits would give a model of floats, an estimate; None for other models.
        without_effect: the options that were tried and do not lower the peak.
        tilings: hints to tile tensors.
        rematerialisations: hints to compute tensors twice.
        over: the spans of steps, first and last included, with more live bytes than the capacity.
        stopped: whether Ctrl-C ended the search before everything was tried.
        constants: those that take the room of a memory that is too small, by falling size.
        runtime: the parts of what the runtime takes of that memory, by falling size; they add up to its overhead.
        streamed_budget: the least budget that was found with constants streamed; None where none is copied.
        curve: what the plan costs against the size of the scratchpad; None where that was not asked for.
        travels: the plan with transfers that was asked for; None where no buffer leaves. Then `plan` is one without.
        split: the split with which the model fits, or the reason why none is offered; None where the model fits, or
            where the target cannot run it.
        may_travel: whether another budget may give a plan with transfers: then the least budget is one without.
        elsewhere: another memory to which buffers go when the one that decides has less room; empty if no memory can
            take them. Where one can, no least budget is known.
    """

    plan: Plan
    peak_step: PeakStep
    alive: tuple[Alive, ...]
    one_operator: bool
    peak_steps: int = 1
    conflict: Conflict | None = None
    conflicting: tuple[tuple[PlannedBuffer, PlannedTensor | None], ...] = ()
    changes: tuple[Change, ...] = ()
    together: Change | None = None
    quantized: Change | None = None
    without_effect: tuple[str, ...] = ()
    tilings: tuple[Tiling, ...] = ()
    rematerialisations: tuple[Rematerialisation, ...] = ()
    over: tuple[tuple[int, int], ...] = ()
    stopped: bool = False
    constants: tuple[PlannedConstant, ...] = ()
    runtime: tuple[RuntimePart, ...] = ()
    streamed_budget: StreamedBudget | None = None
    curve: tuple[CurvePoint, ...] | None = None
    travels: "Travels | None" = None
    may_travel: bool = False
    elsewhere: str = ""
    split: "SplitOffer | SplitFault | NoSplit | None" = None

    def summary(self) -> str:
        """The first lines that `tmpass explain` prints, and its notes: without tables."""
        return rendered(self, "explanation")

    @property
    def status(self) -> str:
        """What is known of the plan that was asked for: a word of choices.Status."""
        return self.plan.status if self.travels is None else self.travels.plan.status

    @property
    def missing(self) -> int:
        """How many bytes are missing in the memory that decides; 0 where the plan fits."""
        return self.peak_step.memory.shortfall

    @property
    def without_buffers(self) -> int:
        """The bytes that the memory that decides needs besides its buffers, and besides copies of constants."""
        return self.peak_step.memory.lowest_with(0)

    @property
    def preparation_decides(self) -> bool:
        """Whether preparing the model needs more of the memory than a run, and a run has room."""
        return self.peak_step.memory.tail is not None and not self.peak_step.memory.run_shortfall

    @property
    def only_preparation(self) -> bool:
        """Whether bytes are missing to prepare the model, and none for a run of the plan."""
        return self.missing > 0 and self.preparation_decides

    @property
    def least_budget(self) -> int:
        """The least capacity that is enough for the packing of the plan. A budget has no reserve."""
        memory = self.peak_step.memory
        return memory.without_reserve if self.streamed_budget is None else self.streamed_budget.bytes

    @property
    def lowest_elsewhere(self) -> int:
        """The bytes that any plan needs (proved), wherever buffers are, without the reserve; 0 where none are known."""
        memory, bound = self.peak_step.memory, self.plan.order.not_elsewhere
        lowest = memory.needed_at_least(bound) - memory.reserve if bound else 0
        return max(lowest, memory.preparation + memory.constants if memory.preparation else 0)

    @property
    def lowest_budget(self) -> int:
        """The bytes that any packing for this order and sharing needs (proved), without the reserve.

        Where constants are streamed, in any order with any sharing.
        """
        memory = self.peak_step.memory
        if self.streamed_budget is not None:
            return self.streamed_budget.lowest
        return memory.lowest_with(memory.lower_bound, memory.loaded_bound) - memory.reserve

    @property
    def order_is_least(self) -> bool:
        """Whether no order of the operators has a lower peak with the allowed sharing (proved)."""
        memory = self.peak_step.memory
        if self.plan.unknown_tensors:
            return False
        return memory.name == self.plan.memories[0].name and self.plan.order.lower_bound >= memory.peak

    @property
    def proved(self) -> bool:
        """Whether no packing for this order and sharing has a lower peak (proved)."""
        return not self.plan.unknown_tensors and self.peak_step.memory.peak == self.peak_step.memory.lower_bound
