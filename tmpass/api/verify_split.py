"""Checks that a split model computes the same as the original."""

from typing import cast

from tmpass.base.errors import ModelError, UsageError
from tmpass.base.violation import Violation
from tmpass.graph.content import Content
from tmpass.graph.model import Graph
from tmpass.loading.carrier import Carrier, load_carrier, open_carrier
from tmpass.loading.contract import SplittingFrontend
from tmpass.splitting.open_net import check_static
from tmpass.splitting.set_sizes import set_sizes
from tmpass.verification.split.check import check_split


def verify_split(split_model: object, original: object) -> list[Violation]:
    """What is wrong with a split model; empty where it computes its outputs as the original does.

    Where the original was split with bound sizes, it is compared with the sizes of the split model's inputs.

    Args:
        split_model: a path, the bytes of a file, or a model in memory; it may carry a plan.
        original: the model before it was split.

    Raises:
        UsageError: models of this format cannot be split, or the two have different formats.
        ModelError: one of them cannot be read.
    """
    after, before = (open_carrier(source) for source in (split_model, original))
    if after.frontend.NAME != before.frontend.NAME:
        what = f"the split model is {after.frontend.NAME}, and the original {before.frontend.NAME}"
        raise UsageError(what, hint="give the original in the format of the split model")
    if not hasattr(after.frontend, "content_of"):
        raise UsageError(f"{after.frontend.NAME} models cannot be split", where=before.name)
    graph = load_carrier(after, {}).graph
    before = set_sizes(before, _sizes_in(graph, load_carrier(before, {}).graph))
    contents = [_content(before, load_carrier(before, {}).graph), _content(after, graph)]
    return check_split(*contents)


def split_sizes(split_model: object, original: object) -> dict[str, int]:
    """The sizes for which a split model computes the same as the original: open dimension of an input -> its size.

    Args:
        split_model: as for `verify_split`, as is the other.
        original: the model before it was split.

    Raises:
        ModelError: one of them cannot be read.
    """
    after, before = (load_carrier(open_carrier(source), {}).graph for source in (split_model, original))
    named = {
        f"{main.tensors[t].name}:{axis}": dim
        for main in before.subgraphs[:1]
        for t in main.inputs
        for axis, dim in enumerate(main.tensors[t].shape or ())
    }
    return {str(named[key]): size for key, size in _sizes_in(after, before).items()}


def _sizes_in(graph: Graph, opened: Graph) -> dict[str, int]:
    """The sizes that inputs of a split model, `graph`, have where the original, `opened`, leaves them open."""
    ends = [
        {one.tensors[t].name: one.tensors[t].shape or () for one in of.subgraphs[:1] for t in one.inputs}
        for of in (graph, opened)
    ]
    return {
        f"{name}:{axis}": size
        for name, shape in ends[1].items()
        for axis, (open_, size) in enumerate(zip(shape, ends[0].get(name, ()), strict=False))
        if isinstance(open_, str) and isinstance(size, int)
    }


def _content(carrier: Carrier, graph: Graph) -> Content:
    """What decides about the results of the model in `carrier`, which was read as `graph`."""
    try:
        check_static(graph)
        return cast(SplittingFrontend, carrier.frontend).content_of(carrier.data, graph)
    except ModelError as error:
        raise error.within(carrier.name) from None
