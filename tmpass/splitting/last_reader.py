"""A lower bound on the live bytes of a stage at the last step at which its largest source S is read.

Nothing lies in S, and it is not needed after the stage. Let the last operator that reads S be one of part p. The other
parts have read S, so each holds a tensor that depends on it. Call *near* the tensors that are made by operators which
read S, and what new operators, such as PAD, make of these. Then one of two cases holds.

- A part o holds a near tensor. The live bytes are S, what the last reader has, the near tensor of o, and what the other
  parts hold.
- None does, so all have run each operator that reads a near tensor and makes another one. At the last of these
  operators, of part o, S was alive, since p had to read it: the live bytes were S, what this operator has, and of each
  part other than o and p a tensor behind its near ones.
"""

from tmpass.base.record import record
from tmpass.splitting.stage_parts import Part, StageParts


@record
class _Part:
    """The fewest bytes that a part has.

    Fields:
        reader: at an operator that reads S.
        near: of a near tensor.
        crossing: at an operator that reads a near tensor and makes another one; None where there is none.
        behind: of a tensor behind its near ones; None where there is none.
    """

    reader: int
    near: int
    crossing: int | None
    behind: int | None

    @property
    def least(self) -> int:
        """What it holds once it has read S."""
        return self.near if self.behind is None else min(self.near, self.behind)


def last_reader(found: StageParts) -> int:
    """The bytes that are alive when S is read for the last time, or before.

    Args:
        found: a stage; nothing may lie in its source, which is not needed after it.
    """
    parts = [_part(found, part) for part in found.parts if any(found.source in op.inputs for op in part.ops)]
    if not parts:
        return found.whole
    return found.whole + min(_beside(parts[at], parts[:at] + parts[at + 1 :]) for at in range(len(parts)))


def _beside(last: _Part, others: list[_Part]) -> int:
    """The bytes beside S where `last` is the last to read it."""
    held = last.reader + sum(one.least for one in others)
    if not others:
        return held
    near = held + min(one.near - one.least for one in others)
    behind = [one.behind for one in others if one.behind is not None]
    extra = [one.crossing - one.behind for one in others if one.behind is not None and one.crossing is not None]
    if len(extra) < len(others):
        return near
    return max(held, min(near, sum(behind) + min(extra)))


def _part(found: StageParts, part: Part) -> _Part:
    readers = [op for op in part.ops if found.source in op.inputs]
    near = {t for op in readers for t in op.outputs}
    crossing = []
    for op in part.ops:
        if not near.isdisjoint(op.inputs):
            if op.new is not None:
                near.update(op.outputs)
            else:
                crossing.append(found.own(part, op, frozenset()))
    behind = [found.size(t) for op in part.ops for t in op.outputs if t in found.derived and t not in near]
    return _Part(
        min(found.own(part, op, frozenset()) for op in readers),
        min(map(found.size, near)),
        min(crossing, default=None),
        min(behind, default=None),
    )
