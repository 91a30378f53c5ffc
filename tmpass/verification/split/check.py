"""The proof of a split: the split model is read from its inputs on, and each tensor is found to be a piece of one of
the original's.

What is demanded of the outputs is demanded of all that they depend on: an element that is not one of the original's is
WRONG, whatever is computed from it is WRONG, and an output may have no such element. Padding of the original is looked
through: a padded tensor is a piece of the one inside, with zeros around it.

The check shares no code with `tmpass.splitting`, and knows nothing of its stages.
"""

from tmpass.base.violation import Violation
from tmpass.graph.content import Content, OpContent
from tmpass.graph.model import ABSENT, Op, TensorKind
from tmpass.verification.split.operators import Matcher
from tmpass.verification.split.piece import WRONG, Piece, joined, padded, sliced, whole
from tmpass.verification.split.states import given_tensors, shared_name, states_of


def check_split(original: Content, split: Content) -> list[Violation]:
    """What is wrong with `split` as a split of `original`; empty where each of its outputs is the original's.

    Args:
        original: the model before.
        split: the model after.
    """
    before, after = original.graph.subgraphs[0], split.graph.subgraphs[0]
    if len(before.inputs) != len(after.inputs) or len(before.outputs) != len(after.outputs):
        return [_violation("it has other inputs or outputs than the original")]
    for ends, mine in ((before.inputs, after.inputs), (before.outputs, after.outputs)):
        for a, b in zip(ends, mine, strict=True):
            one, other = before.tensors[a], after.tensors[b]
            if (one.name, one.dtype, one.shape) != (other.name, other.dtype, other.shape):
                return [_violation(f"input or output {other.name!r} is not {one.name!r} of the original")]
            if original.scales.get(a) != split.scales.get(b):
                return [_violation(f"{one.name!r} has other scales than in the original")]
    if original.signatures != split.signatures:
        return [_violation("its signatures name other inputs or outputs than those of the original")]
    for subgraph in (before, after):
        name = shared_name(subgraph)
        if name is not None:
            return [_violation(f"several variables have the name {name!r}, so they cannot be told apart")]
    return _Walk(original, split).violations()


def _violation(message: str) -> Violation:
    return Violation("split", message)


class _Walk:
    """One walk through the split model."""

    def __init__(self, original: Content, split: Content) -> None:
        self.original, self.split = original, split
        self.before, self.after = original.graph.subgraphs[0], split.graph.subgraphs[0]
        self.by_kind: dict[str, list[int]] = {}
        self.known = self._canonical()
        self.matcher = Matcher(original, split, self.known)
        self.pieces = {b: self.known[a] for a, b in zip(self.before.inputs, self.after.inputs, strict=True)}
        self.pieces |= {b: self.known[a] for a, b in self._given() if a in self.known}
        self.touching: dict[str, list[int]] = {}

    def violations(self) -> list[Violation]:
        """What is wrong."""
        for index, op in enumerate(self.after.ops):
            fault = self._step(index, op)
            if fault is not None:
                return [_violation(f"operator {index} ({op.kind}) of the split model, {op.name!r}: {fault}")]
        found = []
        for a, b in zip(self.before.outputs, self.after.outputs, strict=True):
            name = self.before.tensors[a].name
            if a in self.original.constants or b in self.split.constants:
                if self.original.constants.get(a) != self.split.constants.get(b):
                    found.append(_violation(f"output {name!r} is a constant with other bytes than the original's"))
            elif self.known.get(a) is None or self.pieces.get(b) != self.known[a]:
                found.append(_violation(f"output {name!r} is not that of the original"))
        return found + self._state_violations()

    def _state_violations(self) -> list[Violation]:
        """Where a state is not touched by the same operators in the same order."""
        expected: dict[str, list[int]] = {}
        for index, op in enumerate(self.before.ops):
            for state in states_of(self.before, op):
                expected.setdefault(state, []).append(index)
        return [
            _violation(f"{state!r} is not read and written by the original's operators in their order")
            for state in sorted({*expected, *self.touching})
            if expected.get(state) != self.touching.get(state)
        ]

    def _given(self) -> list[tuple[int, int]]:
        """Tensors that nothing in the models writes first, in pairs of one name.

        Variables of one name hold the same as long as all writes are the same.
        """
        own, mine = given_tensors(self.before), given_tensors(self.after)
        return [(a, mine[name]) for name, a in own.items() if name in mine]

    def _canonical(self) -> dict[int, Piece]:
        """For each tensor of the original that is computed, the piece that it is.

        Of elements along an axis that are computed alike, such as rows of zeros, the first one stands for all. Of
        operators that compute the same from the same, such as branches with equal weights, the first one does.
        """
        found: dict[int, Piece] = {}
        first: dict[object, int] = {}
        for t, tensor in enumerate(self.before.tensors):
            if tensor.kind is not TensorKind.CONSTANT and tensor.shape is not None:
                found[t] = whole(t, [int(dim) for dim in tensor.shape])
        for index, op in enumerate(self.before.ops):
            key = self._computed(index, op, found)
            twin = None if key is None else first.setdefault(key, index)
            if twin is not None and twin != index:
                found |= {t: found[other] for t, other in zip(op.outputs, self.before.ops[twin].outputs, strict=True)}
                continue
            self.by_kind.setdefault(op.kind, []).append(index)
            pads = self.original.ops[index].pads
            if pads is not None and op.inputs[0] in found and self._zeros(self.original, op):
                found[op.outputs[0]] = padded(found[op.inputs[0]], pads)
                continue
            alike = Matcher(self.original, self.original, found).result(index, index, found)
            if alike is not None and not any(WRONG in own for own in alike.axes):
                found[op.outputs[0]] = alike
        return found

    def _computed(self, index: int, op: Op, known: dict[int, Piece]) -> object | None:
        """All that decides what an operator of the original makes; None where more than its inputs does."""
        if states_of(self.before, op) or op.calls or op.temporaries or len(op.outputs) != 1:
            return None
        if op.outputs[0] not in known:
            return None
        read: list[object] = []
        for t in (*op.inputs, *op.outputs):
            tensor = self.before.tensors[t] if t != ABSENT else None
            if tensor is not None and t in op.inputs and t not in known and t not in self.original.constants:
                return None
            value = None if t in op.outputs else known.get(t) or self.original.constants.get(t)
            scales = self.original.scales.get(t)
            read.append((tensor and (tensor.dtype, tensor.shape, tensor.kind), value, scales))
        return op.kind, self.original.ops[index], tuple(read)

    @staticmethod
    def _zeros(model: Content, op: Op) -> bool:
        """Whether what a padding adds is zero for what reads the tensor inside: both have the same scales."""
        return model.scales.get(op.inputs[0]) == model.scales.get(op.outputs[0])

    def _step(self, index: int, op: Op) -> str | None:
        """Find the pieces of an operator's results; return a fault, or None."""
        if any(t in self.split.constants for t in op.outputs):
            return "it writes a constant"
        if self._same(index, op):
            return None
        if states_of(self.after, op) or not op.outputs:
            return "it touches a state, and no operator of the original that is left does the same"
        data = self._data(op)
        if not data or any(t not in self.pieces for t in data):
            return "it reads what nothing is known of"
        content = self.split.ops[index]
        if content.slices is None and content.pads is None and content.joins is None:
            made = self._matched(index, op)
            if made is None:
                return "no operator of the original computes the same"
        else:
            fault = self._passes_on(op, data, joins=content.joins is not None)
            if fault is not None:
                return fault
            made = _passed(content, [self.pieces[t] for t in data])
            if made is None:
                return "it does not join pieces of one tensor, or has another rank"
            shape = self.after.tensors[op.outputs[0]].shape or ()
            if [len(own) for own in made.axes] != list(shape):
                return "its result has another shape than it makes"
        self.pieces[op.outputs[0]] = made
        return None

    def _passes_on(self, op: Op, data: list[int], *, joins: bool) -> str | None:
        """What is wrong with the operands of an operator that only passes elements on; None where nothing is."""
        out = op.outputs[0]
        if len(op.outputs) != 1 or data != list(op.inputs if joins else op.inputs[:1]):
            return "it passes on a constant, or has operands that are computed"
        if any(self.split.scales.get(t) != self.split.scales.get(out) for t in data):
            return "it passes numbers on to a tensor with other scales"
        if any(self.after.tensors[t].dtype != self.after.tensors[out].dtype for t in data):
            return "it passes numbers on to a tensor of another type"
        return None

    def _data(self, op: Op) -> list[int]:
        return [t for t in op.inputs if t != ABSENT and t not in self.split.constants]

    def _same(self, index: int, op: Op) -> bool:
        """Whether an operator of the original reads the very same; its results are then known as they are."""
        states = states_of(self.after, op)
        for like in self.by_kind.get(op.kind, ()):
            one = self.before.ops[like]
            if self.original.ops[like] != self.split.ops[index] or len(one.outputs) != len(op.outputs):
                continue
            if len(one.inputs) != len(op.inputs) or one.calls or op.calls or states != states_of(self.before, one):
                continue
            if any(like in self.touching.get(state, ()) for state in states):
                continue
            made = (*one.outputs, *one.temporaries), (*op.outputs, *op.temporaries)
            if all(self._same_input(a, b) for a, b in zip(one.inputs, op.inputs, strict=True)) and (
                len(made[0]) == len(made[1]) and all(self._alike(a, b) for a, b in zip(*made, strict=True))
            ):
                for a, b in zip(one.outputs, op.outputs, strict=True):
                    if a in self.known:
                        self.pieces[b] = self.known[a]
                for state in states:
                    self.touching.setdefault(state, []).append(like)
                return True
        return False

    def _alike(self, a: int, b: int) -> bool:
        if ABSENT in (a, b):
            return a == b
        one, other = self.before.tensors[a], self.after.tensors[b]
        return (one.dtype, one.shape, one.kind) == (other.dtype, other.shape, other.kind) and (
            self.original.scales.get(a) == self.split.scales.get(b)
        )

    def _same_input(self, a: int, b: int) -> bool:
        if not self._alike(a, b):
            return False
        if a == ABSENT:
            return True
        if a in self.original.constants:
            return self.original.constants[a] == self.split.constants.get(b)
        return a in self.known and self.known[a] == self.pieces.get(b)

    def _matched(self, index: int, op: Op) -> Piece | None:
        """The piece of an original's result that an operator makes; the one with the fewest wrong elements."""
        best, least = None, 0
        for like in self.by_kind.get(op.kind, ()):
            found = self.matcher.result(index, like, self.pieces)
            if found is None:
                continue
            wrong = sum(own.count(WRONG) for own in found.axes)
            if any(own and own.count(WRONG) == len(own) for own in found.axes):
                continue
            if best is None or wrong < least:
                best, least = found, wrong
        return best


def _passed(content: OpContent, pieces: list[Piece]) -> Piece | None:
    """The piece that a slice, a padding or a concat makes; None where there is none."""
    if content.slices is not None:
        fit = len(content.slices) == len(pieces[0].axes) and all(start >= 0 for start, _ in content.slices)
        return sliced(pieces[0], content.slices) if fit else None
    if content.pads is not None:
        return padded(pieces[0], content.pads) if len(content.pads) == len(pieces[0].axes) else None
    axis = content.joins
    assert axis is not None
    return joined(pieces, axis) if all(axis < len(piece.axes) for piece in pieces) else None
