"""The operator that needs more than the scratchpad has, and what cutting it into tiles would take."""

from tmpass.base.errors import brief
from tmpass.base.record import record
from tmpass.graph.model import ABSENT, Graph, Tensor, TensorKey, TensorKind
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.needed import needed_by
from tmpass.planning.residency.divide_layout import takes_elsewhere
from tmpass.planning.residency.transfers.cases import Case
from tmpass.targets import Target

_HEIGHT = {"tflite": 1, "onnx": 2}
"""Format -> the axis of the height in tensors of four dimensions."""


@record
class Tiles:
    """Tiles of the rows of an operator's output, as an estimate.

    Fields:
        rows: of the output, in one tile.
        height: rows of the whole output.
        bytes: that one tile needs.
    """

    rows: int
    height: int
    bytes: int


def why_too_small(request: LayoutRequest, case: Case) -> str:
    """A line on the operator that alone needs more than the scratchpad has, in every order and sharing; empty without.

    That is a proof that nothing fits: tensors, scratch and streamed constants of an operator are there while it runs.
    """
    need, step = _most_needed(request, case)
    missing = need - case.problem.capacity
    if missing <= 0:
        return ""
    one = case.timeline.steps[step]
    op = request.graph.subgraphs[one.subgraph].ops[one.op]
    whole = request.target.scratchpad.capacity == case.problem.capacity
    above = "the capacity" if whole else "what is left for buffers"
    text = f"transfers do not help: step {step}, {op.kind}, alone needs {need} B, {missing} B above {above}"
    streamed = sum(row.size for row in case.copies if row.lower == step)
    home = request.target.constants_home
    if streamed > missing and home is not None and home.chunk is None:
        text += f"; {streamed} B of it are constants that are streamed whole: with `chunk` in {home.name}, in pieces"
    tiles = None if op.calls else find_tiles(request.graph, (one.subgraph, one.op), need, case.problem.capacity)
    if tiles is not None and tiles.bytes > case.problem.capacity:
        text += f"; even one row of its output about {tiles.bytes} B (an estimate)"
    elif tiles is not None:
        text += f"; in tiles of {tiles.rows} of {tiles.height} rows about {tiles.bytes} B (an estimate)"
    return f"{text}: {brief(op.name)}" if op.name else text


def decides_alone(target: Target, constants: int) -> bool:
    """Whether nothing fits where one operator needs more than the scratchpad has.

    Args:
        target: of the plan. Operators may compute on another memory that may have some of what the operator touches.
        constants: bytes of those that are in the scratchpad for the whole run, which the operator may read.
    """
    return not takes_elsewhere(target) and not constants


def largest_need(request: LayoutRequest, case: Case) -> int:
    """The bytes that some operator needs at least while it runs, in every order and with every sharing."""
    return _most_needed(request, case)[0]


def _most_needed(request: LayoutRequest, case: Case) -> tuple[int, int]:
    """The bytes that some operator needs at least while it runs, in every order and with every sharing; and its step.

    Everything begins at a multiple of the alignment, so that all but what is topmost takes a multiple of it.
    """
    alignment, bytes_ = case.problem.alignment, [subgraph.sizes for subgraph in request.graph.subgraphs]
    inside = {key for number in case.numbers for key in case.storage.members[number]}
    more: list[list[int]] = [[] for _ in case.timeline.steps]
    for number in case.numbers:
        if not case.storage.members[number]:
            more[case.storage.buffers[number].lower].append(case.storage.buffers[number].size)
    for row in case.copies:
        more[row.lower].append(row.size)
    most = 0, 0
    for at, (step, sizes) in enumerate(zip(case.timeline.steps, more, strict=True)):
        op = request.graph.subgraphs[step.subgraph].ops[step.op]
        keys = {(step.subgraph, t) for t in (*op.inputs, *op.outputs, *op.temporaries)} & inside
        own = [bytes_[s][t] or 0 for s, t in keys]
        padding = max((-size % alignment for size in (*sizes, *own)), default=0)

        def need(together: int, sizes: list[int] = sizes, padding: int = padding) -> int:
            total = sum([size + -size % alignment for size in (together, *sizes)])
            return max(together + sum(sizes), total - padding)

        # In the classes of the only choice of sharing, tensors take no more than on their own.
        if not request.one_choice or need(sum(map(request.bound_runtime.round_up, own))) > most[0]:
            most = max(most, (need(needed_by(request, step.subgraph, step.op, inside)), -at))
    return most[0], -most[1]


def find_tiles(graph: Graph, where: tuple[int, int], need: int, room: int) -> Tiles | None:
    """The tallest tiles of an operator that fit into `room` bytes, or tiles of one row if none does; an estimate.

    A tile of r rows of the output has as large a share of each output and, with the rows that the kernel reaches beyond
    them, of each input that is not stored in the model. All else counts whole.

    Args:
        graph: of the model.
        where: subgraph and operator.
        need: bytes of the whole operator.
        room: bytes of the scratchpad for it.

    Returns:
        None where the format does not say which axis is the height, or the output has none.
    """
    axis = _HEIGHT.get(graph.format)
    s, op = where[0], graph.subgraphs[where[0]].ops[where[1]]
    outputs = [tensor for t in op.outputs if (tensor := _image(graph, s, t)) is not None]
    inputs = [tensor for t in dict.fromkeys(op.inputs) if (tensor := _image(graph, s, t)) is not None]
    if axis is None or not outputs or not inputs:
        return None
    height = _rows(outputs[0], axis)
    reach = max((_rows(w, axis) - 1 for t in op.inputs if (w := _kernel(graph, (s, t))) is not None), default=0)
    cut = sum(tensor.bytes or 0 for tensor in (*outputs, *inputs))

    def bytes_of(rows: int) -> int:
        total = max(0, need - cut)
        for tensor, more in (*((o, 0) for o in outputs), *((i, reach) for i in inputs)):
            own = _rows(tensor, axis)
            part = min(own, -(-rows * own // height) + more)
            total += (tensor.bytes or 0) // max(own, 1) * part
        return total

    best = 1
    while best < height and bytes_of(best + 1) <= room:
        best += 1
    return Tiles(best, height, bytes_of(best))


def _image(graph: Graph, s: int, t: int) -> Tensor | None:
    """A tensor of four dimensions that an operator computes with, as its inputs or outputs; None for others."""
    tensor = None if t == ABSENT else graph.tensor((s, t))
    if tensor is None or tensor.kind is TensorKind.CONSTANT or not tensor.bytes:
        return None
    return tensor if tensor.shape is not None and len(tensor.shape) == 4 else None


def _kernel(graph: Graph, key: TensorKey) -> Tensor | None:
    """A stored tensor of four dimensions, such as the weights of a convolution; None for others."""
    tensor = None if key[1] == ABSENT else graph.tensor(key)
    if tensor is None or tensor.kind is not TensorKind.CONSTANT or tensor.unknown:
        return None
    return tensor if tensor.shape is not None and len(tensor.shape) == 4 else None


def _rows(tensor: Tensor, axis: int) -> int:
    assert tensor.shape is not None
    return int(tensor.shape[axis])
