"""Variables that are named by handles: assigned and read here, since a handle is valid in one interpreter only."""

from collections.abc import Sequence

from tmpass.base.errors import ModelError, brief
from tmpass.loading.runner import Value

from .arrays import Handle


class Variables:
    """The variables of one run, by their handle."""

    def __init__(self) -> None:
        self._values: dict[Handle, Value] = {}

    def run(self, kind: str, given: Sequence[Value | None]) -> tuple[Value | None, ...]:
        """The outputs of ASSIGN_VARIABLE or READ_VARIABLE.

        Raises:
            ModelError: a variable is read that was not assigned, as LiteRT refuses too.
        """
        handle = given[0].form if given and given[0] is not None else None
        if not isinstance(handle, Handle):
            raise ModelError(f"{kind} reads a tensor that is not a variable", hint="convert the model again")
        if kind == "ASSIGN_VARIABLE":
            if given[1] is not None:
                self._values[handle] = given[1]
            return ()
        if handle not in self._values:
            hint = "an entry that assigns it has to run first"
            raise ModelError(f"variable {brief(handle.name)} is read before it is assigned", hint=hint)
        return (self._values[handle],)
