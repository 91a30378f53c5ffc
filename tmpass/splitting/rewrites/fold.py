"""Padding folded into a window operator: PAD and a window without padding become one with SAME padding, and PAD and a
window with EXPLICIT padding one with the sum of both.

Proof. The windows of both are at the same places: SAME padding has as many windows, and as many elements missing before
the first; explicit numbers add up. An element outside the tensor adds nothing to a sum: an explicit one is a zero of
the result's quantisation, which `Layer` demands to be that of the input. In floats that needs finite weights: zero
times infinity is not a number, and a kernel with padding does not compute it. Pooling is left out: its kernels do not
count what is outside.
"""

from tmpass.graph.draft import Draft, DraftOp, compact, unchanged
from tmpass.graph.layer import Layer, Padding, Role
from tmpass.splitting.net import Net


def fold_padding(net: Net) -> Draft | None:
    """The model with each PAD folded that can be; None where none can."""
    draft = unchanged(net.main)
    folded: dict[int, DraftOp] = {}
    gone: set[int] = set()
    for position, index in enumerate(net.order):
        layer, op = net.layers[index], net.main.ops[index]
        if layer is None or layer.role is not Role.PAD or op.outputs[0] in net.main.outputs:
            continue
        readers = net.readers.get(op.outputs[0], ())
        if readers and all(_folds(net, position, reader) for reader in readers):
            gone.add(index)
            for reader in readers:
                known = net.op(reader)
                inputs = (op.inputs[0], *known.inputs[1:])
                folded[net.order[reader]] = _folded(net, layer, net.order[reader], inputs)
    if not gone:
        return None
    ops = tuple(folded.get(index, op) for index, op in enumerate(draft.ops) if index not in gone)
    return compact(Draft(draft.tensors, ops, draft.inputs, draft.outputs))


def _folded(net: Net, pad: Layer, reader: int, inputs: tuple[int, ...]) -> DraftOp:
    """The operator `reader` on what the PAD in front of it reads."""
    window, outputs = net.layers[reader], net.main.ops[reader].outputs
    if window is None or window.padding is not Padding.EXPLICIT:
        return DraftOp(reader, inputs, outputs, Padding.SAME)
    rows, columns = ((a + c, b + d) for (a, b), (c, d) in zip(pad.pads, window.pads, strict=True))
    return DraftOp(reader, inputs, outputs, pads=(rows, columns))


def _folds(net: Net, pad: int, reader: int) -> bool:
    layer, window, op = net.layer(pad), net.layer(reader), net.op(reader)
    if layer is None or window is None or op.inputs[0] != net.op(pad).outputs[0]:
        return False
    if window.role is not Role.WINDOW or window.padding is Padding.SAME or not window.zero_padded:
        return False
    if window.padding is Padding.EXPLICIT:
        return True
    return all(_alike(net, layer, window, pad, reader, side) for side in (0, 1))


def _alike(net: Net, pad: Layer, window: Layer, at: int, reader: int, side: int) -> bool:
    """Whether SAME padding puts the windows at the same places along one axis."""
    axis = net.axes.spatial[side]
    count, before = window.windows[side].same(net.shape(net.op(at).inputs[0])[axis])
    return (count, before) == (net.shape(net.op(reader).outputs[0])[axis], pad.pads[side][0])
