"""ModelProto to Graph."""

from collections.abc import Mapping

from onnx import IR_VERSION, ModelProto

from tmpass.graph import Entry, Graph

from .arity import check_arity
from .constants import constants
from .dimensions import Bindings, bind
from .functions import inline
from .inference import infer
from .opsets import Opsets, import_domains
from .read import read
from .scopes import Scope, scopes_of
from .subgraphs import SubgraphMaker

_INPUTS_MAY_BE_LEFT_OUT = 4
"""From this IR version on an initialiser is an input only where the file says so, to be overridden."""


def convert(data: bytes, given: Mapping[str, int]) -> Graph:
    """Return the graph of the model in `data`, its dimensions bound as `given`.

    Raises:
        ModelError: the bytes are no usable model, or a binding contradicts the file.
    """
    model = inline(read(data))
    main = scopes_of(model)
    import_domains(model, {node.domain for scope in main.walk() for node in scope.nodes})
    opsets, bindings = Opsets(model), Bindings(given)
    check_arity(main, opsets.versions.get("", 1))
    symbols, others = bind(main, bindings)
    inference = infer(model, main, opsets, bindings)
    maker = SubgraphMaker(inference, constants(main, opsets), opsets, bindings)
    name = main.graph.name or "main"
    indices = maker.make(main, name, (), {})
    inputs = {n: indices[n] for n in main.inputs}
    outputs = {n: indices[n] for n in main.outputs}
    return Graph(
        format="onnx",
        subgraphs=maker.subgraphs,
        entries=(Entry(name, 0, inputs, outputs),),
        metadata={p.key: _bytes(p.value) for p in model.metadata_props},
        symbols=symbols,
        other_symbols=others,
        warnings=(*_warnings(model, main), *inference.warnings),
        causes=maker.causes,
    )


def _bytes(text: str | bytes) -> bytes:
    """Return the bytes of a protobuf string, which is bytes already where it is not UTF-8."""
    return text.encode() if isinstance(text, str) else text


def _warnings(model: ModelProto, main: Scope) -> tuple[str, ...]:
    found = []
    valued = [value.name for value in main.graph.input if value.name in main.stored]
    if valued and model.ir_version >= _INPUTS_MAY_BE_LEFT_OUT:
        found.append(
            f"{len(valued)} inputs, such as {valued[0]!r}, have values in the file: they are planned as constants, "
            "and a caller who overrides one brings the memory for it"
        )
    if model.ir_version > IR_VERSION:
        found.append(f"the file has IR version {model.ir_version}, the installed onnx knows up to {IR_VERSION}")
    if model.training_info:
        found.append("the training graphs of the file are not planned")
    return tuple(found)
