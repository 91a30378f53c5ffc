"""The offer to split a model that does not fit, with the figures of the split."""

from collections.abc import Mapping
from dataclasses import field
from shlex import quote

from tmpass.api.arguments import rules_of
from tmpass.api.split import MOST_MACS, quick_split
from tmpass.base.errors import ModelError, TmpassError, UsageError, brief_text
from tmpass.base.record import record
from tmpass.base.sizes import format_size
from tmpass.loading.load import Model, load_to_plan
from tmpass.packing.allocate import DEFAULT_NODES
from tmpass.planning.ordering.least_peak import DEFAULT_STATES
from tmpass.planning.residency.overhead import stored_shortfall
from tmpass.plans.plan import Options, Plan
from tmpass.splitting.least_bytes import LeastBytes
from tmpass.targets import RUNTIMES, Target

_MOST_OPERATORS = 2000
"""No offer is looked for in larger models: a plan must not take much longer for it."""

_LONGEST = 160
"""Characters of a fault that are told."""


@record
class SplitOffer:
    """What a split model that fits would need.

    Fields:
        needed: bytes of the scratchpad without the reserve, as a budget counts them.
        more_macs: additional multiply-accumulate operations, as a part of the original's.
        more_operators: additional operators.
        bind: numbers for open dimensions that `tmpass split` has to be given, too.
    """

    needed: int
    more_macs: float
    more_operators: int
    bind: Mapping[str, int] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The offer in one line."""
        work = f"{100 * self.more_macs:.1f} % more MACs and {self.more_operators} more operators"
        command = " ".join(["tmpass split", *(f"--bind {quote(f'{n}={size}')}" for n, size in self.bind.items())])
        return f"split, it fits: {format_size(self.needed)}, with {work}; {command} writes it"


@record
class SplitFault:
    """A split that was tried for an offer and failed: a defect of tmpass.

    Fields:
        fault: what is wrong.
    """

    fault: str

    @property
    def text(self) -> str:
        """The fault in one line."""
        return f"split, none is offered: {TmpassError(brief_text(self.fault, _LONGEST))}"


@record
class NoSplit:
    """No split with which a model fits.

    Fields:
        tried: whether one was searched for.
        why: the reason in a few words.
        least: bytes that any choice of stages in equal parts needs (proved), as a budget counts them; None where no
            bound rules a split out.
    """

    tried: bool
    why: str
    least: int | None = None

    @property
    def text(self) -> str:
        """The reason in one line."""
        return f"split, {self.why}" if self.tried else f"split, nothing was tried: {self.why}"


_SEARCHED = NoSplit(True, "none that fits was found in a short search; tmpass split searches longer")


def offer_split(model: object, made: Plan, target: Target) -> SplitOffer | SplitFault | NoSplit | None:
    """The split with which a model fits, or the reason why none is offered.

    None is returned for a plan that fits, and for a model that the runtime of the target cannot run.

    The split is made, with a fourth of the usual budget. It is planned with no option but bindings, the capacity
    and the alignment, so it is only offered for a plan without others. A fault is returned: it must not cost the plan.

    Args:
        model: a path, the bytes of a file, or a model in memory.
        made: the plan of the model. No split is offered if its runtime does not read the format of the model.
        target: of the plan, with the options of the plan.
    """
    reads = RUNTIMES[made.target.runtime].reads
    if made.fits or made.refused or (reads and made.model.format not in reads):
        return None
    try:
        if why := _untried(model, made, target):
            return NoSplit(False, why)
        split = quick_split(model, target, made.options.bind)
    except (ModelError, UsageError) as error:  # it is another kind of model
        operator = error.where.partition(": ")[2]  # the file is named in the explanation
        return NoSplit(False, str(TmpassError(brief_text(error.what, _LONGEST), where=operator, hint=error.hint)))
    except Exception as error:  # the plan is made, and is told whatever becomes of the offer
        return SplitFault(str(error) or type(error).__name__)
    if isinstance(split, LeastBytes):
        needed = f"needs at least {format_size(split.bytes)}, with up to {100 * MOST_MACS:.0f} % more MACs"
        return NoSplit(True, f"it does not fit either: any choice of equal parts {needed}", split.bytes)
    if split is None or not split.fits:
        return _SEARCHED
    more = split.macs[0] / max(1, split.macs[1]) - 1
    own = load_to_plan(model, {}).graph.batches if made.options.bind else {}
    bindings = {name: size for name, size in made.options.bind.items() if own.get(name) != size}
    return SplitOffer(split.needed[0], max(more, 0.0), split.operators[0] - split.operators[1], bindings)


def _untried(model: object, made: Plan, target: Target) -> str:
    """Why no split is searched for; empty where one is."""
    if isinstance(model, Model):
        return "a loaded model has no file to write; give the path"
    if stored_shortfall(made):
        return "constants do not fit, and splitting does not make them smaller"
    if target.scratchpad.capacity is None:
        return f"{target.scratchpad.name}, which a split makes smaller, is unlimited"
    if (count := len(made.schedule)) > _MOST_OPERATORS:
        return f"{count} operators are more than the {_MOST_OPERATORS} of a short search; tmpass split searches longer"
    if not _usual(model, made.options, target):
        return "a split is planned with the usual options, this plan has others; tmpass split tries it without them"
    return ""


def _usual(model: object, asked: Options, target: Target) -> bool:
    """Whether all options of a plan have their defaults. Bindings, the capacity and the alignment may differ."""
    loaded = load_to_plan(model, asked.bind)
    usual = Options(
        asked.bind,
        budget=asked.budget,
        alignment=asked.alignment,
        states=DEFAULT_STATES,
        nodes=DEFAULT_NODES,
        scratch=asked.scratch,
        int8=target.int8,
    )
    if asked != usual:
        return False
    return asked.scratch == rules_of(target, (), loaded)
