"""How far an execution may go: what reaches a limit ends with one line that names it, and the option that raises it."""

from dataclasses import dataclass

from tmpass.base.errors import BudgetError, UsageError, brief


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one execution.

    Fields: `trips` are the rounds of loops in one run, all loops together; `seconds` is the wall time of the execution;
    `bytes` is what it may take in memory, besides what the files of the model are large.
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
    """Limits of which those that are None have their default.

    Raises:
        UsageError: one is not a number above 0.
    """
    given = {"trips": trips, "seconds": seconds, "bytes": size}
    return Limits(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


class Trips:
    """Counts the rounds of loops in one run."""

    def __init__(self, limit: int) -> None:
        self._limit, self._taken = limit, 0

    def count(self, title: str) -> None:
        """Count a round of the loop with this title.

        Raises:
            BudgetError: one more than allowed.
        """
        self._taken += 1
        if self._taken > self._limit:
            what = f"the loops have run {self._limit} rounds, and have not ended"
            raise BudgetError(what, where=title, hint="raise --execute-trips, or give smaller inputs with --inputs")


def too_many_bytes(what: str, needed: int, allowed: int) -> BudgetError:
    """The error for an execution that needs more memory than it may take."""
    return BudgetError(f"{what} {needed} bytes; executing may take {allowed}", hint="raise --execute-bytes")
