"""Which of the two files of `tmpass verify` is which, where a plan and a model do not belong together."""

from hashlib import sha256
from typing import TYPE_CHECKING

from tmpass.base.errors import TmpassError, UsageError, brief
from tmpass.cli.files import name_of

if TYPE_CHECKING:
    from tmpass.base.violation import Violation
    from tmpass.plans.plan import Plan

_OTHER_FILE = "the plan is for a file with SHA-256 "
"""How the violation begins of which the lines say more."""

Source = str | bytes
"""A model as `model_source` gives it."""


def original_line(plan: str, model: str | None, *, is_copy: bool) -> list[str]:
    """The line that says that `model` is the original of `plan`, where it is."""
    name = "standard input" if model == "-" else model
    return [f"{plan} without its plan is {name}, byte for byte"] if is_copy else []


def refuse_swapped(plan: str, model: Source) -> None:
    """Refuse a model without a plan where a plan is wanted, if `model` is the same model with a plan in it.

    Raises:
        UsageError: they are swapped, or `model` is a split model, which needs --split.
    """
    from tmpass.loading.registry import names_model

    if isinstance(model, str) and plan != model and names_model(plan) and names_model(model):
        original = _original(model)
        if original is not None and original == _bytes(plan):
            what = f"{brief(plan)} is the model, and {brief(model)} has a plan for it: the plan comes first"
            raise UsageError(what, hint=f"tmpass verify {model} {plan}")
        if _original(plan) is None and is_split(model):
            what = f"{brief(plan)} is a model without a plan, and {brief(model)} is a split model"
            raise UsageError(
                what, hint=f"tmpass verify --split {model} {plan} compares a split model with its original"
            )


def which_is_which(violation: "Violation", found: "Plan", plan: str, model: Source) -> list[str]:
    """What the plan in the file `plan` is for instead of `model`, and what to do: a line for each.

    There are none for another violation than that the plan is for another file.
    """
    from tmpass.loading.registry import names_model

    if not violation.message.startswith(_OTHER_FILE):
        return []
    other = name_of(model)
    original = _original(model)
    if original is not None and sha256(original).hexdigest() == found.model.sha256:
        return [f"{other} is the model of that plan with a plan in it: tmpass strip {other} -o FILE gives it"]
    if original is not None and original == _original(plan):
        return [f"{plan} and {other} are one model with two plans: tmpass verify {plan} checks the first"]
    if names_model(plan) and is_split(plan):
        first = f"{plan} is a split model: tmpass verify --split {plan} {other} compares it with its original"
        return [first, f"tmpass verify {plan} checks the plan in it"]
    if names_model(plan):
        line = f"{plan} carries a plan for another model than {other}: tmpass verify {plan} checks it by itself"
    else:
        line = f"{plan} is a plan for {brief(found.model.file)}, and {other} is another file"
    return [line, f"for a plan of {other}: tmpass plan {other}"]


def refuse_swapped_split(split: Source, original: Source) -> None:
    """Refuse an original where the split model is wanted, if the other file is a split model.

    Raises:
        UsageError: they are swapped.
    """
    if is_split(original) and not is_split(split):
        what = f"{brief(name_of(original))} is the split model: it comes first"
        raise UsageError(what, hint=f"tmpass verify --split {name_of(original)} {name_of(split)}")


def is_split(model: Source) -> bool:
    """Whether `model` was made by `tmpass split`; False where it cannot be read."""
    from tmpass.api.planned_model import stays_split

    try:
        return stays_split(model)
    except TmpassError:  # loading it says so
        return False


def _bytes(model: Source) -> bytes | None:
    from tmpass.loading.open_model import open_model

    try:
        return open_model(model)[1]
    except TmpassError:  # loading it says so
        return None


def _original(model: Source) -> bytes | None:
    """The original of a planned model; None where it is not one."""
    from tmpass.loading.carrier import open_carrier
    from tmpass.loading.registry import names_model

    if isinstance(model, str) and not names_model(model):
        return None
    try:
        carrier = open_carrier(model)
    except TmpassError:  # loading it says so
        return None
    return carrier.data if carrier.planned else None
