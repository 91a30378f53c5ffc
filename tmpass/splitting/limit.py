"""The additional work that a split may have."""

from tmpass.base.record import record


@record
class Limit:
    """The most additional work.

    Fields:
        macs: multiply-accumulate operations.
        time: of a run, in picoseconds as `targets/run_time.py` estimates it; None for any time.
    """

    macs: int
    time: int | None = None

    def allows(self, macs: int, time: int) -> bool:
        """Whether this is not more work than the limit."""
        return macs <= self.macs and (self.time is None or time <= self.time)
