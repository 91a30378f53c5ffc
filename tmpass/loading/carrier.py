"""Model files that can carry a plan: without it, and with another one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from tmpass.base.errors import ModelError, UsageError
from tmpass.base.record import record
from tmpass.graph.binding import check_bindings
from tmpass.loading.contract import CarryingFrontend, Frontend, ScatteredFrontend
from tmpass.loading.load import Model, load_opened
from tmpass.loading.open_model import nameless, open_model
from tmpass.plans.heading import heading_of
from tmpass.plans.plan import Plan


@record
class Carrier:
    """A model file that can carry a plan.

    Fields:
        name: of the file, for errors.
        data: its bytes without a plan.
        planned: whether it carried one.
    """

    name: str
    data: bytes
    planned: bool
    frontend: CarryingFrontend

    @property
    def other_files(self) -> tuple[str, ...]:
        """The names of the files that the model needs beside its own."""
        if not hasattr(self.frontend, "other_files"):
            return ()
        return cast(ScatteredFrontend, self.frontend).other_files(self.data)

    def apply(
        self, orders: Sequence[Sequence[int]], offsets: Sequence[Sequence[int]], plan: Plan, *, keeps_offsets: bool
    ) -> bytes:
        """The file with `plan`, of which these are the orders of the operators and the offsets of the tensors;
        `keeps_offsets` as CarryingFrontend has it.

        Raises:
            ModelError: what the file holds does not go with it.
        """
        # The user may rename the file, and it must have the same bytes when it is planned again.
        unnamed = replace(plan, model=replace(plan.model, file=nameless(self.frontend)))
        text = heading_of(plan) if hasattr(self.frontend, "heading_in") else unnamed.to_json()
        try:
            return self.frontend.apply(
                self.data,
                orders,
                offsets,
                keeps_offsets=keeps_offsets,
                bindings=plan.options.bind,
                plan=text,
            )
        except ModelError as error:
            raise error.within(self.name) from None


def open_carrier(source: object) -> Carrier:
    """The file of a model, without the plan that it may carry.

    Args:
        source: as `load` takes it.

    Raises:
        UsageError: files of its format cannot carry a plan.
        ModelError: it cannot be read, or was changed after it was planned.
    """
    return carrier_of(*open_model(source))


def carrier_of(name: str, data: bytes, frontend: Frontend) -> Carrier:
    """The file `name` with the bytes `data`, which `frontend` reads, without the plan that it may carry.

    Raises:
        UsageError, ModelError: as `open_carrier` does.
    """
    if not hasattr(frontend, "apply"):
        raise UsageError(f"{frontend.NAME} models carry no plan", where=name, hint="write the plan as JSON")
    carrying = cast(CarryingFrontend, frontend)
    try:
        original = carrying.strip(data)
    except ModelError as error:
        raise error.within(name) from None
    return Carrier(name, data if original is None else original, original is not None, carrying)


def load_carrier(carrier: Carrier, bindings: Mapping[str, int]) -> Model:
    """The model in `carrier`, without its plan, as `load_to_plan` reads it.

    Raises:
        UsageError, ModelError: as `load` does.
    """
    return load_opened(carrier.name, carrier.data, carrier.frontend, check_bindings(bindings), batches=True)
