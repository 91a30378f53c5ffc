"""A model opened for splitting: checked, and with its padding folded."""

from collections.abc import Mapping
from typing import cast

from tmpass.base.errors import ModelError, UsageError
from tmpass.base.record import record
from tmpass.graph.draft import draft_graph
from tmpass.graph.model import Graph
from tmpass.graph.unknown_sizes import bind_options
from tmpass.loading.carrier import Carrier, load_carrier
from tmpass.loading.contract import SplittingFrontend
from tmpass.loading.load import Model
from tmpass.splitting.net import Net
from tmpass.splitting.note import is_split
from tmpass.splitting.rewrites.fold import fold_padding
from tmpass.splitting.set_sizes import set_sizes, unsized
from tmpass.targets import Target


@record
class Opened:
    """A model that can be split.

    Fields:
        carrier: its file, without a plan, and with the sizes of `bindings`.
        original: the bytes of that file as they were before these sizes were written.
        bindings: the numbers that were written for its open dimensions.
        model: `carrier` as it was read.
        data: the file that `net` is of: the original's, or with its padding folded.
        net: what stages are searched for.
        folded: how many operators were folded into others.
    """

    carrier: Carrier
    original: bytes
    bindings: Mapping[str, int]
    model: Model
    data: bytes
    net: Net
    folded: int


def open_net(given: Carrier, target: Target, bindings: Mapping[str, int] | None = None) -> Opened:
    """The model in `given`, with `bindings`, as splits of it begin.

    Raises:
        UsageError: models of its format cannot be split, or not with these bindings.
        ModelError: it cannot be split, and why.
    """
    if not hasattr(given.frontend, "write_draft"):
        what = f"{given.frontend.NAME} models cannot be split"
        raise UsageError(what, where=given.name, hint="convert the model to TFLite or ONNX")
    carrier = set_sizes(given, bindings or {})
    frontend = cast(SplittingFrontend, carrier.frontend)
    model = load_carrier(carrier, {})
    try:
        _check(model, binds=hasattr(frontend, "write_sizes"))
        graph, dialect, data = model.graph, frontend.dialect(carrier.data), carrier.data
        net = Net(graph, frontend.layers(data, graph), dialect, target.runtime.most_joined)
        folded = 0
        draft = fold_padding(net)
        if draft is not None:
            folded = len(net.main.ops) - len(draft.ops)
            data = frontend.write_draft(data, graph, draft, None)
            graph = draft_graph(draft, graph, dialect)
            net = Net(graph, frontend.layers(data, graph), dialect, target.runtime.most_joined)
    except ModelError as error:
        raise error.within(carrier.name) from None
    written = bindings if bindings and carrier is not given else {}
    return Opened(carrier, given.data, written, model, data, net, folded)


def _check(model: Model, *, binds: bool) -> None:
    if is_split(model.graph.metadata):
        raise ModelError("it is split already", hint="split the original")
    if model.graph.fixed:
        raise ModelError("offsets are part of its operators", hint="split the model before that compiler")
    check_static(model.graph, binds=binds)


def check_static(graph: Graph, *, binds: bool = False) -> None:
    """Refuse a graph with sizes that are not known.

    Args:
        graph: a model.
        binds: whether the user may bind its open dimensions.

    Raises:
        ModelError: there is such a size.
    """
    unknown = unsized(graph)
    if unknown or graph.varying:
        named = f", such as that of tensor {unknown[0]!r}" if unknown else ""
        options = bind_options(graph.symbols)
        hint = f"give {options}" if binds and options else "convert the model with static shapes"
        raise ModelError(f"it has sizes that are not known{named}", hint=hint)
