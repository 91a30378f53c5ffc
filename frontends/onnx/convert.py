"""Conversion of a ModelProto to a Graph."""

from collections.abc import Iterator, Mapping

from onnx import IR_VERSION, ModelProto

from tmpass.base.record import record
from tmpass.graph.model import Entry, Graph, Subgraph

from .arity import check_arity
from .constants import constants
from .dimensions import Bindings, bind
from .functions import inline
from .inference import Inference, infer
from .opsets import Opsets, import_domains
from .read import read
from .scopes import Scope, scopes_of
from .subgraphs import Origins, SubgraphMaker

INPUTS_MAY_BE_LEFT_OUT = 4
"""The first IR version in which initialisers need not be inputs. One that is an input may be overridden."""


def convert(data: bytes, given: Mapping[str, int]) -> Graph:
    """Return the graph of the model in `data`, with its dimensions bound as `given`.

    Raises:
        ModelError: the bytes are not a usable model, or a binding contradicts the file.
    """
    made = _convert(data, given)
    model, main, maker = made.model, made.main, made.maker
    inputs = {n: made.indices[n] for n in main.inputs}
    outputs = {n: made.indices[n] for n in main.outputs}
    return Graph(
        format="onnx",
        subgraphs=maker.subgraphs,
        entries=(Entry(made.name, 0, inputs, outputs),),
        metadata={p.key: _bytes(p.value) for p in model.metadata_props},
        symbols=made.symbols[0],
        other_symbols=(*made.symbols[1], *_in_idle_branches(main, made.inference, given)),
        warnings=(*_warnings(model, main), *made.inference.warnings),
        causes=maker.causes,
        varying=frozenset(maker.unbindable),
        stored=maker.stored,
    )


def find_origins(data: bytes, given: Mapping[str, int]) -> Origins:
    """Return the scopes and nodes that the subgraphs and operators of `convert(data, given)` come from.

    Raises:
        ModelError: as `convert`.
    """
    return _convert(data, given).maker.origins


def convert_whole(data: bytes, given: Mapping[str, int]) -> tuple[tuple[Subgraph, ...], Origins, Scope]:
    """Return the subgraphs of `convert(data, given)`, their origins, and the main scope of the file.

    Raises:
        ModelError: as `convert`.
    """
    made = _convert(data, given)
    return made.maker.subgraphs, made.maker.origins, made.main


@record
class _Conversion:
    """The subgraphs of a model, with everything that was computed to make them."""

    model: ModelProto
    main: Scope
    inference: Inference
    symbols: tuple[tuple[str, ...], tuple[str, ...]]
    maker: SubgraphMaker
    name: str
    indices: Mapping[str, int]


def _convert(data: bytes, given: Mapping[str, int]) -> _Conversion:
    model = inline(read(data))
    main = scopes_of(model)
    import_domains(model, {node.domain for scope in main.walk() for node in scope.nodes})
    opsets, bindings = Opsets(model), Bindings(given)
    check_arity(main, opsets)
    symbols = bind(main, bindings)
    inference = infer(model, main, opsets, bindings)
    maker = SubgraphMaker(inference, constants(main, opsets), opsets, bindings)
    name = main.graph.name or "main"
    return _Conversion(model, main, inference, symbols, maker, name, maker.make(main, name))


def _in_idle_branches(main: Scope, inference: Inference, given: Mapping[str, int]) -> Iterator[str]:
    """The bindings in `given` that name an axis of a tensor in a branch that never runs with these bindings."""
    idle = [scope for scope in main.walk() if scope.id in inference.idle]
    types = [inference.types[inner.id] for scope in idle for inner in scope.walk()] if given else []
    for key in given:
        name, _, axis = key.rpartition(":")
        known = next((there[name] for there in types if name in there), None)
        is_axis = known is not None and axis.isascii() and axis.isdecimal() and len(axis) < 10
        if known is not None and is_axis and (known.shape is None or int(axis) < len(known.shape)):
            yield key


def _bytes(text: str | bytes) -> bytes:
    """Return a protobuf string as bytes. Protobuf itself gives bytes for a string that is not UTF-8."""
    return text.encode() if isinstance(text, str) else text


def _warnings(model: ModelProto, main: Scope) -> tuple[str, ...]:
    found = []
    valued = [value.name for value in main.graph.input if value.name in main.stored]
    if valued and model.ir_version >= INPUTS_MAY_BE_LEFT_OUT:
        found.append(
            f"{len(valued)} inputs, such as {valued[0]!r}, have values in the file: they are planned as constants, "
            "and a caller who overrides one brings the memory for it"
        )
    if model.ir_version > IR_VERSION:
        found.append(f"the file has IR version {model.ir_version}, the installed onnx knows up to {IR_VERSION}")
    if model.training_info:
        found.append("the training graphs of the file are not planned")
    return tuple(found)
