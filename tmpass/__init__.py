"""tmpass plans the on-chip memory of TFLite and ONNX models: order, live ranges, addresses, proof.

The names below are loaded when they are first used: `import tmpass` itself takes a few milliseconds.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

TYPE_CHECKING = False  # typing itself takes milliseconds to import
if TYPE_CHECKING:
    from typing import Any

    from tmpass.allocate import allocate as allocate
    from tmpass.errors import ModelError as ModelError
    from tmpass.errors import TmpassError as TmpassError
    from tmpass.errors import VerificationError as VerificationError
    from tmpass.loading import load as load
    from tmpass.pipeline import plan as plan
    from tmpass.pipeline import verify as verify
    from tmpass.plan import Plan as Plan
    from tmpass.plan_json import parse_plan as parse_plan
    from tmpass.planned_model import planned_model as planned_model
    from tmpass.problem import Allocation as Allocation
    from tmpass.problem import Buffer as Buffer
    from tmpass.problem import Problem as Problem
    from tmpass.target import Target as Target
    from tmpass.target import load_target as load_target

_HOMES = {
    "Allocation": "problem",
    "Buffer": "problem",
    "ModelError": "errors",
    "Plan": "plan",
    "Problem": "problem",
    "Target": "target",
    "TmpassError": "errors",
    "VerificationError": "errors",
    "allocate": "allocate",
    "load": "loading",
    "load_target": "target",
    "parse_plan": "plan_json",
    "plan": "pipeline",
    "planned_model": "planned_model",
    "verify": "pipeline",
}

__all__ = sorted(_HOMES)
__version__ = "0.1.0"


class _Package(ModuleType):
    """This package. `plan`, `verify` and `allocate` are functions and submodules at once: importing the
    submodule must not hide the function. `from tmpass.plan import Plan` finds the submodule all the same.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        self.__dict__[name] = value = getattr(import_module(f"tmpass.{_HOMES[name]}"), name)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_HOMES})


sys.modules[__name__].__class__ = _Package
