"""What each step demands of the weights that it uses, where some bytes are set aside for those that stay."""

from collections.abc import Mapping, Sequence
from math import gcd

from tmpass.base.record import record
from tmpass.planning.residency.fill import Option

_MAX_SUMS = 4096
"""Sums of rooms at one step that are listed. Above, every multiple of their common divisor counts as one."""

_MAX_STATES = 1_000
"""Partial choices of weights that share demands. Above, those with the most bytes are left out."""


@record
class WeightRows:
    """Weights and steps as flat data; all bytes are rounded up to the alignment.

    Fields:
        used: by activations, at each step.
        size: of each weight, where it stays.
        room: that each weight needs at the steps that use it, where it does not stay.
        steps: that use each weight.
    """

    used: Sequence[int]
    size: Sequence[int]
    room: Sequence[int]
    steps: Sequence[tuple[int, ...]]

    def missing(self, capacity: int) -> tuple[int, int]:
        """The most bytes that a step is short of where no weight stays, and that step. 0 or less: none is.

        A weight that stays takes no fewer bytes at its own step than one that does not, so no other choice helps.
        """
        streamed = self._streamed()
        short = ((used + streamed.get(step, 0) - capacity, -step) for step, used in enumerate(self.used))
        most, step = max(short, default=(0, 0))
        return most, -step

    def demands(self, available: int) -> dict[int, int]:
        """Step -> the sum of rooms that must not be needed there, since their weights stay. Only sums above 0."""
        short = ((step, self.used[step] + room - available) for step, room in sorted(self._streamed().items()))
        return {step: bytes_ for step, bytes_ in short if bytes_ > 0}

    def _streamed(self) -> dict[int, int]:
        """Step -> the room that all its weights need if none of them stays."""
        found: dict[int, int] = {}
        for room, steps in zip(self.room, self.steps, strict=True):
            for step in steps:
                found[step] = found.get(step, 0) + room
        return found

    def coupled(self, demands: Mapping[int, int]) -> list[tuple[int, ...]]:
        """The weights that meet a demand, in groups that share none with each other, even through others."""
        group = list(range(len(self.size)))

        def root(number: int) -> int:
            while group[number] != number:
                group[number] = number = group[group[number]]
            return number

        first: dict[int, int] = {}
        inside = []
        for number, steps in enumerate(self.steps):
            for step in steps if self.room[number] else ():
                if step in demands:
                    group[root(number)] = root(first.setdefault(step, number))
                    inside.append(number)
        found: dict[int, list[int]] = {}
        for number in dict.fromkeys(inside):
            found.setdefault(root(number), []).append(number)
        return [tuple(members) for members in found.values()]

    def options(
        self, members: Sequence[int], worth: Sequence[int], demands: Mapping[int, int]
    ) -> tuple[list[Option], bool]:
        """The choices of `members` that meet all demands at their steps, and whether none is left out.

        Of choices with the same bytes the one that is worth the most stays; one that is worth no more than a smaller
        one goes.
        """
        steps = sorted({step for number in members for step in self.steps[number] if step in demands})
        states: dict[tuple[int, ...], tuple[int, tuple[int, ...]]] = {(0, *(demands[step] for step in steps)): (0, ())}
        complete = True
        for number in members:
            after = dict(states)
            at = [i + 1 for i, step in enumerate(steps) if step in self.steps[number]]
            for key, (value, chosen) in states.items():
                new = list(key)
                new[0] += self.size[number]
                for i in at:
                    new[i] = max(0, new[i] - self.room[number])
                old = after.get(tuple(new))
                if old is None or value + worth[number] > old[0]:
                    after[tuple(new)] = value + worth[number], (*chosen, number)
            if len(after) > _MAX_STATES:
                complete = False
                after = dict(sorted(after.items())[:_MAX_STATES])
            states = after
        found: list[Option] = []
        for (size, *left), (value, chosen) in sorted(states.items(), key=lambda one: (one[0][0], -one[1][0])):
            if not any(left) and (not found or value > found[-1].worth):
                found.append(Option(size, value, chosen))
        return found, complete

    def next_change(self, demands: Mapping[int, int]) -> int | None:
        """How many bytes fewer must be set aside so that some step demands less than now; None without demands.

        A demand is met by the same choices as long as it stays above the next smaller sum of rooms at its step.
        """
        rooms: dict[int, list[int]] = {step: [] for step in demands}
        for room, steps in zip(self.room, self.steps, strict=True):
            for step in steps:
                if step in rooms and room:
                    rooms[step].append(room)
        return min((demand - _largest_below(rooms[step], demand) for step, demand in demands.items()), default=None)


def _largest_below(rooms: Sequence[int], demand: int) -> int:
    """The largest sum of some of `rooms` that is below `demand`, or a number between it and `demand`."""
    sums = {0}
    for room in rooms:
        sums |= {one + room for one in sums if one + room < demand}
        if len(sums) > _MAX_SUMS:
            unit = gcd(*rooms)
            return (demand - 1) // unit * unit
    return max(sums)
