"""Float tensors between Q/DQ pairs, for a device whose kernels compute with the integers themselves.

    file      x ── DQ ──> xf ── Conv ──> cf ── Relu ──> rf ── Q ──> y        xf, cf and rf are floats
    device    x ───────── Conv, with its activation ──────────────> y        only integers are stored

A group is an operator whose every float input comes from a DequantizeLinear, and whose every float result goes to one
QuantizeLinear. Between the two there may be one activation, which kernels apply while they write. The floats of a
group are other names for the integers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tmpass.base.choices import Int8
from tmpass.base.errors import brief
from tmpass.base.record import record
from tmpass.graph.model import ABSENT, Graph, Op, Quantization, Subgraph, Tensor, TensorKey, TensorKind
from tmpass.targets import Target


def find_names(graph: Graph) -> dict[TensorKey, TensorKey]:
    """Float tensor of a group -> the integers that it is another name for, in the order of the file."""
    return {
        (s, name): (s, held)
        for s, subgraph in enumerate(graph.subgraphs)
        if any(op.quantization is not None for op in subgraph.ops)
        for name, held in sorted(_Search(subgraph).names().items())
    }


def keep_integers(graph: Graph, names: Mapping[TensorKey, TensorKey]) -> Graph:
    """The graph in which each tensor of `names` stands for its integer tensor, and has the type of that tensor.

    An operator that only moves floats can move the integers if all of them have one scale and one type. If not, it
    must compute new integers, and counts as an operator that computes.
    """
    if not names:
        return graph
    subgraphs = []
    for s, subgraph in enumerate(graph.subgraphs):
        tensors = list(subgraph.tensors)
        scales = _scales(subgraph)
        ops = [
            replace(op, moves=None) if op.moves is not None and _alters(graph, s, op, names, scales) else op
            for op in subgraph.ops
        ]
        for t, tensor in enumerate(tensors):
            held = names.get((s, t))
            if held is not None:
                tensors[t] = replace(tensor, dtype=graph.tensor(held).dtype)
        subgraphs.append(replace(subgraph, tensors=tuple(tensors), ops=tuple(ops)))
    return replace(graph, subgraphs=tuple(subgraphs), held_in=dict(names))


def _scales(subgraph: Subgraph) -> dict[int, tuple[int, ...]]:
    """Float tensor beside a Q/DQ operator -> its scale and zero point, as tensors, if it has one scale for all."""
    found: dict[int, tuple[int, ...]] = {}
    for op in subgraph.ops:
        if op.quantization in (Quantization.DEQUANTIZE, Quantization.QUANTIZE):
            floats = op.outputs[0] if op.quantization is Quantization.DEQUANTIZE else op.inputs[0]
            scale = op.inputs[1:]
            if scale and subgraph.tensors[scale[0]].shape in ((), (1,)):
                found[floats] = tuple(t for t in scale if t != ABSENT)
    return found


def _alters(
    graph: Graph, s: int, op: Op, names: Mapping[TensorKey, TensorKey], scales: Mapping[int, tuple[int, ...]]
) -> bool:
    """Whether `op` may have to change the integers that it passes on."""
    own = [t for t in (*op.inputs, *op.outputs) if (s, t) in names]
    if any(t not in scales for t in own):
        return True
    return len({(scales[t], graph.tensor(names[s, t]).dtype.name) for t in own}) > 1


def integers_notes(graph: Graph, names: Mapping[TensorKey, TensorKey], int8: str, target: Target) -> Iterator[str]:
    """Lines on floats between integers: that they are planned as floats, or what is assumed of the target.

    Args:
        graph: as the file has it.
        names: the result of `find_names`.
        int8: "native" or "float".
        target: what the plan is for.
    """
    count = f"{len(names)} float tensor{'s' if len(names) > 1 else ''} between Q/DQ pairs"
    if names and int8 == Int8.FLOAT:
        yield (
            f"{count}, such as {brief(graph.tensor(next(iter(names))).name)}, are planned as floats; "
            "for a device that computes with the integers: --int8 native"
        )
    if int8 != Int8.NATIVE:
        return
    if names and target.int8 == int8 and target.int8_source.startswith("assumed"):
        yield f"{count} are planned as integers: that {target.name} has kernels for these is assumed; else --int8 float"
    known = {graph.tensor(key).name for key in names}
    left = [name for name in dict.fromkeys(_bordering(graph)) if name not in known]
    if left:
        more = "s" if len(left) > 1 else ""
        yield (
            f"{len(left)} float tensor{more} beside Q/DQ stay floats, such as {brief(left[0])}: "
            "the operators there do not have integers on all sides"
        )


def _bordering(graph: Graph) -> Iterator[str]:
    """The names of float tensors, except constants, that a DequantizeLinear makes or a QuantizeLinear reads."""
    to_floats, to_integers = Quantization.DEQUANTIZE, Quantization.QUANTIZE
    for subgraph in graph.subgraphs:
        for op in subgraph.ops:
            made = op.quantization is to_floats
            if made or op.quantization is to_integers:
                t = op.outputs[0] if made else op.inputs[0]
                if t != ABSENT and is_float(subgraph.tensors[t]):
                    yield subgraph.tensors[t].name


def is_float(tensor: Tensor) -> bool:
    """Whether `tensor` holds floats and is not a constant."""
    return tensor.kind is not TensorKind.CONSTANT and tensor.dtype.name.startswith(("float", "bfloat"))


@record
class _Result:
    """The integers that a float result of an operator becomes, and the float tensors on the way there."""

    integers: int
    names: tuple[int, ...]


class _Search:
    """A search for the groups of one subgraph."""

    def __init__(self, subgraph: Subgraph) -> None:
        self.subgraph, self.tensors = subgraph, subgraph.tensors
        self.ends = {*subgraph.inputs, *subgraph.outputs}
        self.readers: dict[int, list[int]] = {}
        for index, op in enumerate(subgraph.ops):
            for t in op.inputs:
                self.readers.setdefault(t, []).append(index)
        self.made_of = {
            op.outputs[0]: op.inputs[0]
            for op in subgraph.ops
            if op.quantization is Quantization.DEQUANTIZE and self._stands_for(op.outputs[0], op.inputs[0])
        }

    def names(self) -> dict[int, int]:
        """Float tensor -> integers, for all groups.

        A tensor that one reader needs as floats is made as floats for all its readers. So groups are removed until none
        of those left has such a tensor.
        """
        inside = {index for index in self._operators() if self._is_group(index)}
        names: dict[int, int] = {}
        before = -1
        while len(inside) != before:
            before = len(inside)
            names = {f: i for f, i in self.made_of.items() if self._all_take(f, inside)}
            inside = {index for index in inside if all(t in names for t in self._floats(self.subgraph.ops[index]))}
        for index in inside:
            for t in self.subgraph.ops[index].outputs:
                if t != ABSENT and is_float(self.tensors[t]) and (result := self._result(t)):
                    names |= dict.fromkeys(result.names, result.integers)
        return names

    def _operators(self) -> set[int]:
        return {index for f in self.made_of for index in self.readers.get(f, ())}

    def _all_take(self, t: int, inside: set[int]) -> bool:
        """Whether all readers of `t` take integers: they are operators `inside`, or a QuantizeLinear."""
        ops = self.subgraph.ops
        return all(r in inside or ops[r].quantization is Quantization.QUANTIZE for r in self.readers.get(t, ()))

    def _is_group(self, index: int) -> bool:
        op = self.subgraph.ops[index]
        if op.calls or op.custom or op.random or op.resource or op.temporaries:
            return False
        if op.quantization not in (None, Quantization.CLAMP):
            return False
        made = [t for t in op.outputs if t != ABSENT and is_float(self.tensors[t])]
        return bool(made) and all(self._result(t) for t in made) and all(t in self.made_of for t in self._floats(op))

    def _floats(self, op: Op) -> list[int]:
        return [t for t in op.inputs if t != ABSENT and is_float(self.tensors[t])]

    def _result(self, t: int) -> _Result | None:
        names = [t]
        op = self._only_reader(t)
        if op is not None and op.quantization is Quantization.CLAMP and op.outputs[0] != ABSENT:
            names.append(op.outputs[0])
            op = self._only_reader(op.outputs[0])
        if op is None or op.quantization is not Quantization.QUANTIZE or op.outputs[0] == ABSENT:
            return None
        integers = op.outputs[0]
        return _Result(integers, tuple(names)) if all(self._stands_for(n, integers) for n in names) else None

    def _only_reader(self, t: int) -> Op | None:
        """The only operator that reads `t`, if it reads it once, as its first input."""
        readers = self.readers.get(t, [])
        if len(readers) != 1 or t in self.ends:
            return None
        op = self.subgraph.ops[readers[0]]
        return op if op.inputs[0] == t and not op.calls else None

    def _stands_for(self, name: int, integers: int) -> bool:
        if ABSENT in (name, integers) or name in self.ends:
            return False
        one, two = self.tensors[name], self.tensors[integers]
        ordinary = two.kind in (TensorKind.ACTIVATION, TensorKind.CAPTURE)
        return one.kind is TensorKind.ACTIVATION and ordinary and one.shape == two.shape and two.bytes is not None
