"""The offer to split a model that does not fit, with the figures of the split."""

from tmpass.api.split import quick_split
from tmpass.base.errors import TmpassError
from tmpass.base.record import record
from tmpass.base.sizes import format_size
from tmpass.loading.load import Model
from tmpass.plans.plan import Plan
from tmpass.targets import RUNTIMES, Target


@record
class SplitOffer:
    """What a split model that fits would need.

    Fields:
        needed: bytes of the scratchpad.
        more_macs: additional multiply-accumulate operations, as a part of the original's.
        more_operators: additional operators.
    """

    needed: int
    more_macs: float
    more_operators: int

    @property
    def text(self) -> str:
        """The offer in one line."""
        work = f"{100 * self.more_macs:.1f} % more MACs and {self.more_operators} more operators"
        return f"split, it fits: {format_size(self.needed)}, with {work}; tmpass split writes it"


def offer_split(model: object, made: Plan, target: Target) -> SplitOffer | None:
    """The split that makes a model fit; None where it fits, where none was found, or where models are not split.

    The split is made, with a fourth of the usual budget.

    Args:
        model: a path, the bytes of a file, or a model in memory.
        made: the plan of the model, for a runtime that reads files of its format.
        target: of the plan, with the options of the plan.
    """
    known = made.model.format in RUNTIMES[made.target.runtime].reads
    if made.fits or not known or isinstance(model, Model) or target.scratchpad.capacity is None:
        return None
    try:
        split = quick_split(model, target)
    except TmpassError:  # it is another kind of model, and the plan has said all there is to say
        return None
    if split is None or not split.fits:
        return None
    more = split.macs[0] / max(1, split.macs[1]) - 1
    return SplitOffer(split.plan.memories[0].needed, max(more, 0.0), split.operators[0] - split.operators[1])
