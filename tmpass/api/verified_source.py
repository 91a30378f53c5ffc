"""The model to verify a carried plan against: its original and the file that carries it are both accepted."""

import os
from hashlib import sha256
from typing import TypeVar, cast

from tmpass.loading.carrier import carrier_of
from tmpass.loading.contract import FrontFrontend
from tmpass.loading.load import Model
from tmpass.loading.open_model import open_model
from tmpass.plans.plan import Plan

_Source = TypeVar("_Source")


def verified_source(plan: Plan, source: _Source) -> _Source | bytes:
    """The model whose bytes `plan` is for, where `source` is its counterpart; else `source` as it is.

    A whole plan in a file is for the original, so the planned file gives way to the original in it. Offsets in a file
    are for that file, so the original gives way to the planned file, which is made again of it and of the plan's front.
    Each is recognised by its SHA-256.

    Args:
        plan: of any origin; only one of `carried_plan` has a counterpart.
        source: as `load` takes it, or a loaded Model, which stays.

    Raises:
        UsageError, ModelError: `source` cannot be read, or is the planned file, changed after planning.
    """
    carried = plan.model.carried
    if carried is None or isinstance(source, Model):
        return source
    name, data, frontend = open_model(source)
    digest = sha256(data).hexdigest()
    if digest == plan.model.sha256:
        return source
    other = None
    if digest == carried.sha256:
        other = carrier_of(name, data, frontend).data
    elif carried.front and hasattr(frontend, "with_front"):
        other = cast(FrontFrontend, frontend).with_front(carried.front, data)
    return source if other is None or sha256(other).hexdigest() != plan.model.sha256 else other


def folder_of(source: object) -> str | None:
    """The folder of the files beside the path `source`; None for a model without a path."""
    return os.path.dirname(os.path.abspath(os.fsdecode(source))) if isinstance(source, str | os.PathLike) else None
