"""The planned models of a fleet: a file for each plan that fits, whose name has the key of its row."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
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


def planned_file(made: Plan, loaded: Model, opened: Opened, aim: Aim, options: Mapping[str, Any]) -> bytes | str | None:
    """The file of the model with its plan, which is verified; why there is none; or None for a plan that does not fit.

    Args:
        made: the plan of `loaded`.
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
            made = plan(loaded, aim.target, **options)
        return put_into(made, carrier, loaded.graph) if made.fits else "the original in it does not fit"
    except VerificationError:
        raise
    except Exception as error:  # of any frontend; the plan itself is made
        return " ".join(str(error).split())


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


def without_transfers(request: Request) -> Request:
    """`request` with the option that plans have no transfers, which the file of a model cannot hold.

    Raises:
        UsageError: its options require transfers.
    """
    asked = request.options.get("transfers", Transfers.AUTO)
    if asked == Transfers.REQUIRED:
        raise UsageError("the file of a model holds no transfers, and they are required", hint="leave out one of them")
    return replace(request, options={**request.options, "transfers": str(Transfers.NEVER)})
