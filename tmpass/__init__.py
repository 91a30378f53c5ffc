"""tmpass plans the on-chip memory of TFLite and ONNX models: order, live ranges, addresses, proof.

The names below are loaded when they are first used: `import tmpass` itself takes a few milliseconds.
"""

TYPE_CHECKING = False  # typing itself takes milliseconds to import
if TYPE_CHECKING:
    from tmpass.api.carried import carried_plan as carried_plan
    from tmpass.api.execute import execute as execute
    from tmpass.api.plan import plan as plan
    from tmpass.api.planned_model import planned_model as planned_model
    from tmpass.api.spill import spill as spill
    from tmpass.api.split import Split as Split
    from tmpass.api.split import split as split
    from tmpass.api.split import split_frontier as split_frontier
    from tmpass.api.verify import verify as verify
    from tmpass.api.verify_split import verify_split as verify_split
    from tmpass.base.errors import BudgetError as BudgetError
    from tmpass.base.errors import ModelError as ModelError
    from tmpass.base.errors import TargetError as TargetError
    from tmpass.base.errors import TmpassError as TmpassError
    from tmpass.base.errors import UnknownSizeError as UnknownSizeError
    from tmpass.base.errors import UsageError as UsageError
    from tmpass.base.errors import VerificationError as VerificationError
    from tmpass.explanation.explain import explain as explain
    from tmpass.explanation.facts import Explanation as Explanation
    from tmpass.fleets.fleet import Fleet as Fleet
    from tmpass.fleets.fleet import Means as Means
    from tmpass.fleets.fleet import fleet as fleet
    from tmpass.loading.load import load as load
    from tmpass.packing.allocate import allocate as allocate
    from tmpass.packing.allocation import Allocation as Allocation
    from tmpass.packing.problem import Buffer as Buffer
    from tmpass.packing.problem import Problem as Problem
    from tmpass.plans.diff import diff as diff
    from tmpass.plans.plan import Plan as Plan
    from tmpass.plans.plan_json import parse_plan as parse_plan
    from tmpass.settings.load import load_settings as load_settings
    from tmpass.targets import Target as Target
    from tmpass.targets import load_target as load_target

_HOMES = {
    "Allocation": "packing.allocation",
    "BudgetError": "base.errors",
    "Buffer": "packing.problem",
    "Explanation": "explanation.facts",
    "Fleet": "fleets.fleet",
    "Means": "fleets.fleet",
    "ModelError": "base.errors",
    "Plan": "plans.plan",
    "Problem": "packing.problem",
    "Split": "api.split",
    "Target": "targets",
    "TargetError": "base.errors",
    "TmpassError": "base.errors",
    "UnknownSizeError": "base.errors",
    "UsageError": "base.errors",
    "VerificationError": "base.errors",
    "allocate": "packing.allocate",
    "carried_plan": "api.carried",
    "diff": "plans.diff",
    "execute": "api.execute",
    "explain": "explanation.explain",
    "fleet": "fleets.fleet",
    "load": "loading.load",
    "load_settings": "settings.load",
    "load_target": "targets",
    "parse_plan": "plans.plan_json",
    "plan": "api.plan",
    "planned_model": "api.planned_model",
    "spill": "api.spill",
    "split": "api.split",
    "split_frontier": "api.split",
    "verify": "api.verify",
    "verify_split": "api.verify_split",
}
"""Name -> the module of this package that it comes from."""

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    if name == "__version__":
        from tmpass.base.version import VERSION

        return VERSION
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    globals()[name] = value = getattr(import_module(f"tmpass.{_HOMES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
