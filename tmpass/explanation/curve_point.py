"""A point of the curve: what a run costs at one size of the scratchpad."""

from collections.abc import Sequence

from tmpass.base.choices import Status
from tmpass.base.record import record


@record
class CurvePoint:
    """What a run costs at one size of the scratchpad.

    Fields:
        size: of the scratchpad in bytes, as `--budget` takes it: without a reserve.
        status: that of a plan with this budget; a bound on other orders and packings is not asked for.
        streamed: bytes of constants that each run loads. 0 where the plan does not fit.
        outside: bytes that operators touch in other memories in each run. 0 where the plan does not fit.
        seconds: of a run by the model of docs/time.md; None where a bandwidth is not known or nothing fits.
        computing: whether these count what operators compute.
        knee: bytes beyond this size save less than half as much each as those before it.
        own: it is the size that the plan has.
        moved: bytes of spills and fetches in each run; 0 where all buffers stay where they are.
    """

    size: int
    status: Status
    streamed: int
    outside: int
    seconds: float | None = None
    computing: bool = False
    knee: bool = False
    own: bool = False
    moved: int = 0

    @property
    def fits(self) -> bool:
        """Whether a plan with this budget fits."""
        return self.status in (Status.OPTIMAL, Status.FEASIBLE)

    @property
    def cost(self) -> int:
        """The bytes that each run moves or touches outside the scratchpad."""
        return self.streamed + self.outside + self.moved


def saved_per_kib(points: Sequence[CurvePoint], at: int) -> float:
    """The bytes of a run that each KiB saves from point `at` to the next one; 0 behind the last.

    Between two points it is the average.
    """
    if at + 1 == len(points) or not points[at].fits:
        return 0.0
    a, b = points[at], points[at + 1]
    return (a.cost - b.cost) * 1024 / (b.size - a.size)
