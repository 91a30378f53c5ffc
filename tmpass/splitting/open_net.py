"""A model opened for splitting: checked, and with its padding folded."""

from typing import cast

from tmpass.base.errors import ModelError, UsageError
from tmpass.base.record import record
from tmpass.graph.draft import draft_graph
from tmpass.graph.model import Graph
from tmpass.loading.carrier import Carrier, load_carrier
from tmpass.loading.contract import SplittingFrontend
from tmpass.loading.load import Model
from tmpass.splitting.net import Net
from tmpass.splitting.note import is_split
from tmpass.splitting.rewrites.fold import fold_padding
from tmpass.targets import Target


@record
class Opened:
    """A model that can be split.

    Fields:
        carrier: its file, without a plan.
        model: as it was read.
        data: the file that `net` is of: the original's, or with its padding folded.
        net: what stages are searched for.
        folded: how many operators were folded into others.
    """

    carrier: Carrier
    model: Model
    data: bytes
    net: Net
    folded: int


def open_net(carrier: Carrier, target: Target) -> Opened:
    """The model in `carrier` as splits of it begin.

    Raises:
        UsageError: models of its format cannot be split.
        ModelError: it cannot be split, and why.
    """
    if not hasattr(carrier.frontend, "write_draft"):
        what = f"{carrier.frontend.NAME} models cannot be split"
        raise UsageError(what, where=carrier.name, hint="convert the model to TFLite or ONNX")
    frontend = cast(SplittingFrontend, carrier.frontend)
    model = load_carrier(carrier, {})
    try:
        _check(model)
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
    return Opened(carrier, model, data, net, folded)


def _check(model: Model) -> None:
    if is_split(model.graph.metadata):
        raise ModelError("it is split already", hint="split the original")
    if model.graph.fixed:
        raise ModelError("offsets are part of its operators", hint="split the model before that compiler")
    check_static(model.graph)


def check_static(graph: Graph) -> None:
    """Refuse a graph with sizes that are not known.

    Raises:
        ModelError: there is such a size.
    """
    unknown = [t.name for subgraph in graph.subgraphs for t in subgraph.tensors if t.shape is None or t.unknown]
    if unknown or graph.varying:
        named = f", such as that of tensor {unknown[0]!r}" if unknown else ""
        raise ModelError(f"it has sizes that are not known{named}", hint="convert the model with static shapes")
