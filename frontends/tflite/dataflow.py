"""Checks that every value is written once, and before it is read in the order of the file."""

from tmpass.base.errors import ModelError
from tmpass.graph.model import ABSENT, Op, TensorKind

from .tensors import Declared

_HINT = "convert the model again"


def find_writers(ops: tuple[Op, ...], tensors: list[Declared], inputs: tuple[int, ...], where: str) -> dict[int, int]:
    """Return the index of the operator that writes each tensor, by tensor index; for a variable, of the first one.

    Raises:
        ModelError: a tensor is written twice, or is written although it is an input or has data.
    """
    fed = set(inputs)
    writers: dict[int, int] = {}
    for index, op in enumerate(ops):
        for output in op.outputs:
            if output == ABSENT:
                continue
            tensor = tensors[output]
            if tensor.variable:
                writers.setdefault(output, index)
                continue
            if output in writers:
                fault = f"which {_name(writers[output], ops)} writes too"
            elif output in fed:
                fault = "which is an input of the subgraph"
            elif tensor.has_data:
                fault = "for which the file holds data"
            else:
                writers[output] = index
                continue
            fault = f"{_name(index, ops)} writes tensor {output} {tensor.name!r}, {fault}"
            raise ModelError(fault, where=where, hint=_HINT)
    return writers


def check_reads(
    ops: tuple[Op, ...],
    tensors: list[Declared],
    kinds: list[TensorKind],
    inputs: tuple[int, ...],
    writers: dict[int, int],
    where: str,
) -> None:
    """Check that the inputs of each operator have a value when it runs.

    Three kinds of input need none: a custom operator may get an unwritten tensor as scratch; the runtime itself may
    provide a tensor of type string, resource or variant; and in some files only the shape of the second input of
    RESHAPE matters. LiteRT runs the last two.

    Raises:
        ModelError: an operator reads a tensor that has no data, and that no operator before it writes.
    """
    activation = TensorKind.ACTIVATION
    ready = {i for i, kind in enumerate(kinds) if kind is not activation}
    ready.update(inputs)
    for index, op in enumerate(ops):
        for position, tensor in enumerate(op.inputs):
            if tensor in ready or tensor == ABSENT:
                continue
            writer = writers.get(tensor)
            if writer is None:
                if not _may_be_unset(op, position, tensors[tensor]):
                    fault = "which no operator writes and which has no data"
                    raise _unready(index, ops, tensor, tensors, fault, where)
            elif not (op.custom and writer == index):
                fault = f"which only {_name(writer, ops)} writes"
                raise _unready(index, ops, tensor, tensors, fault, where)
        ready.update(op.outputs)


def _may_be_unset(op: Op, position: int, tensor: Declared) -> bool:
    shape_only = op.kind == "RESHAPE" and position == 1 and tensor.shape is not None and len(tensor.shape) != 1
    return op.custom or tensor.dtype.bits is None or shape_only


def _unready(
    index: int, ops: tuple[Op, ...], tensor: int, tensors: list[Declared], fault: str, where: str
) -> ModelError:
    reads = f"{_name(index, ops)} reads tensor {tensor} {tensors[tensor].name!r}"
    return ModelError(f"{reads}, {fault}", where=where, hint=_HINT)


def _name(index: int, ops: tuple[Op, ...]) -> str:
    return f"operator {index} ({ops[index].kind})"
