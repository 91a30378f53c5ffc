"""Limits of an execution. Reaching one is an error that names the limit and the option that raises it."""

from tmpass.base.errors import BudgetError, UsageError, brief
from tmpass.base.record import record


@record
class Limits:
    """Limits of one execution.

    Fields:
        trips: iterations in one run, of all loops together.
        seconds: wall time of the execution.
        bytes: memory that it may take, besides the size of the model's files.
    """

    trips: int = 5_000
    seconds: float = 300.0
    bytes: int = 640 * 2**20

    def __post_init__(self) -> None:
        for name in ("trips", "seconds", "bytes"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 2**62:
                raise UsageError(f"--execute-{name} is {brief(value)}", hint="give a number above 0")


def limits_of(trips: int | None, seconds: float | None, size: int | None) -> Limits:
    """The given limits, with the default for each that is None.

    Raises:
        UsageError: a limit is not a number above 0.
    """
    given = {"trips": trips, "seconds": seconds, "bytes": size}
    return Limits(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


class Trips:
    """A counter of loop iterations in one run."""

    def __init__(self, limit: int) -> None:
        self._limit, self._taken = limit, 0

    def count(self, title: str) -> None:
        """Count one iteration of the loop that `title` names.

        Raises:
            BudgetError: it is one more than allowed.
        """
        self._taken += 1
        if self._taken > self._limit:
            what = f"the loops have not ended after {self._limit} iterations"
            raise BudgetError(what, where=title, hint="raise --execute-trips, or give smaller inputs with --inputs")


def too_many_bytes(what: str, needed: int, allowed: int) -> BudgetError:
    """The error for an execution that needs more memory than allowed, in bytes."""
    return BudgetError(f"{what} {needed} bytes; executing may take {allowed}", hint="raise --execute-bytes")
