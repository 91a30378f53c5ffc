"""How long a run takes with the loads of its weights, without overlap and with prefetch.

One channel loads weights in the order of the steps that use them. With prefetch a load may begin while earlier steps
compute, as soon as the channel is free, and only where all steps until then have room for it. The rest of a weight,
beyond its first chunk, is loaded at its own step while nothing computes; so is what is read in place.

    steps    | compute 0 | compute 1 |wait| compute 2 |
    channel  |   load for 1  | load for 2 |
"""

from collections.abc import Sequence
from itertools import accumulate

from tmpass.base.record import record


@record
class Load:
    """A weight that is loaded for a step.

    Fields:
        step: that uses it.
        early: bytes that may be loaded during earlier steps.
        late: bytes that are loaded at the step itself.
        room: bytes that it takes in the memory from when its load begins.
    """

    step: int
    early: int
    late: int
    room: int


@record
class RunTimes:
    """Seconds of a run.

    Fields:
        compute: of all steps, without loads.
        without_overlap: each step waits for its loads, and nothing else happens meanwhile.
        prefetched: with prefetch where room allows it.
        lower_bound: no order of these loads is faster, however much room there is.
    """

    compute: float
    without_overlap: float
    prefetched: float
    lower_bound: float


def run_times(loads: Sequence[Load], free: Sequence[int], compute: Sequence[float], bandwidth: float) -> RunTimes:
    """The times of a run.

    Args:
        loads: in any order.
        free: the bytes that each step leaves beside activations, residents and the room of its own loads.
        compute: the seconds of each step.
        bandwidth: of the channel in bytes per second.
    """
    steps = range(len(compute))
    by_step: list[list[Load]] = [[] for _ in steps]
    for load in loads:
        by_step[load.step].append(load)
    loaded = [sum(load.early + load.late for load in own) / bandwidth for own in by_step]
    whole, all_loads = sum(compute), sum(loaded)
    left = [0.0, *accumulate(reversed(compute))][::-1]
    bound = max((before + left[step] for step, before in enumerate(accumulate(loaded))), default=0.0)
    prefetched = _prefetched(by_step, list(free), compute, bandwidth)
    return RunTimes(whole, whole + all_loads, prefetched, max(bound, whole))


def _prefetched(
    by_step: Sequence[Sequence[Load]], free: list[int], compute: Sequence[float], bandwidth: float
) -> float:
    """The end of the last step. `free` gets what prefetched weights leave."""
    starts: list[float] = []
    end = channel = 0.0
    for step, own in enumerate(by_step):
        ready = end
        for load in own:
            begin = max(channel, end)
            first = _first_with_room(free, step, load.room)
            if first < step:
                begin = max(channel, starts[first])
                for earlier in range(first, step):
                    following = starts[earlier + 1] if earlier + 1 < step else end
                    if begin < following:  # the load is under way or done in this step
                        free[earlier] -= load.room
            channel = begin + load.early / bandwidth
            ready = max(ready, channel)
        ready += sum(load.late for load in own) / bandwidth
        channel = max(channel, ready) if any(load.late for load in own) else channel
        starts.append(ready)
        end = ready + compute[step]
    return end


def _first_with_room(free: Sequence[int], step: int, room: int) -> int:
    """The first step from which on all steps before `step` have at least `room` bytes left; `step` where none has."""
    while step > 0 and free[step - 1] >= room:
        step -= 1
    return step
