"""The planned models of a fleet: a file for each plan that fits, whose name has the key of its row."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from tmpass.api.plan import plan
from tmpass.api.planned_model import put_into
from tmpass.base.choices import Transfers
from tmpass.base.errors import UsageError, VerificationError
from tmpass.fleets.job import Aim, Request
from tmpass.fleets.opened import Opened, is_url
from tmpass.graph.binding import check_bindings
from tmpass.loading.carrier import carrier_of, load_carrier
from tmpass.loading.load import Model
from tmpass.plans.plan import Plan

NO_FIT = "it does not fit without transfers, which the file of a model cannot hold"
PLANNED_NO_FIT = f"the original in it: {NO_FIT}"


def planned_file(made: Plan, loaded: Model, opened: Opened, aim: Aim, options: Mapping[str, Any]) -> bytes | str | None:
    """The file of the model with its plan, which is verified; why there is none; or None for a plan that does not fit.

    Args:
        made: the plan of `loaded`. Where it has transfers, the file has the plan without any, if that fits.
        loaded: the model in `opened`. A plan that is in it is taken out, and the original planned.
        opened: its files.
        aim: the target of the plan.
        options: those of tmpass.plan.

    Raises:
        VerificationError: the plan of the original is wrong.
    """
    if not made.fits:
        return None
    try:
        carrier = carrier_of(opened.name, opened.data, opened.frontend)
        if carrier.planned:
            loaded = load_carrier(carrier, check_bindings(options.get("bind") or {}))
        if carrier.planned or made.transfers is not None:  # the file of a model has one place for each tensor
            made = plan(loaded, aim.target, **{**options, "transfers": str(Transfers.NEVER)})
            if not made.fits:
                return PLANNED_NO_FIT if carrier.planned else NO_FIT
        return put_into(made, carrier, loaded.graph)
    except VerificationError:
        raise
    except Exception as error:  # of any frontend; the plan itself is made
        return " ".join(str(error).split()) or type(error).__name__  # a MemoryError says nothing


def check_folder(folder: str | os.PathLike[str], requests: Sequence[Request]) -> None:
    """Refuse a folder for planned models with models of the fleet in it: these would be overwritten, or planned too.

    Raises:
        UsageError: there is such a model, or the folder is a file.
    """
    if os.path.exists(folder) and not os.path.isdir(folder):
        raise UsageError("it is a file", where=os.fspath(folder), hint="name a folder for the planned models")
    inside = os.path.join(os.path.realpath(folder), "")
    for request in requests:
        name = request.source.name
        is_path = request.source.data is None and not is_url(name) and "\0" not in name
        if is_path and os.path.realpath(name).startswith(inside):
            what = f"{name} is in the folder for planned models, {os.fspath(folder)}"
            raise UsageError(what, hint="name a folder without models of the fleet")


def refuse_transfers(requests: Sequence[Request]) -> None:
    """Refuse planned models of plans that must have transfers.

    Raises:
        UsageError: the options of a request require them.
    """
    if any(request.options.get("transfers") == Transfers.REQUIRED for request in requests):
        raise UsageError("the file of a model holds no transfers, and they are required", hint="leave out one of them")
