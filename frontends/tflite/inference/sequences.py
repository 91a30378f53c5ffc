"""Recurrent layers, whose outputs have the batch and time dimensions of their input."""

from .. import option_schema as schema
from .dims import added
from .op_context import OpContext, Shape, Unknown
from .windows import divided

_FULL = 0


def lstm(op: OpContext) -> list[Shape]:
    """[batch, outputs], where outputs is read from the weights from outputs to the output gate."""
    if op.options(schema.LSTMOptions.NUMBER).scalar(schema.LSTMOptions.KERNEL_TYPE) != _FULL:
        raise Unknown
    return [(*op.shape(0)[:-1], op.shape(8)[1])]


def sequence_lstm(op: OpContext) -> list[Shape]:
    """As `lstm`, for each time step."""
    shape = op.shape(0)
    if len(shape) != 3:
        raise Unknown
    return [(*shape[:2], op.shape(8)[1])]


def bidirectional_lstm(op: OpContext) -> list[Shape]:
    """As `sequence_lstm`, forwards and backwards, in one output or in two."""
    shape, field = op.shape(0), schema.BidirectionalSequenceLSTMOptions
    if len(shape) != 3:
        raise Unknown
    there, back = op.shape(8)[1], op.shape(25)[1]
    if op.options(field.NUMBER).scalar(field.MERGE_OUTPUTS):
        return [(*shape[:2], added((there, back)))]
    return [(*shape[:2], there), (*shape[:2], back)]


def rnn(op: OpContext) -> list[Shape]:
    """[batch, units], or that for each time step, for weights [units, inputs]."""
    return [(*op.shape(0)[:-1], op.shape(1)[0])]


def svdf(op: OpContext) -> list[Shape]:
    """[batch, units] for weights [units * rank, inputs]."""
    rank = op.options(schema.SVDFOptions.NUMBER).scalar(schema.SVDFOptions.RANK)
    return [(op.shape(0)[0], divided(op.shape(1)[0], rank))]
