"""Loading of models: the frontend for a file reads it."""

import os
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, cast

from tmpass.base.errors import ModelError, UsageError
from tmpass.base.packages import check_package
from tmpass.base.record import record
from tmpass.graph.binding import check_bindings
from tmpass.graph.model import Graph
from tmpass.loading.contract import BatchingFrontend, ExecutingFrontend, Frontend, ScatteredFrontend
from tmpass.loading.open_model import open_model
from tmpass.plans.model_info import ModelInfo

if TYPE_CHECKING:
    from tmpass.loading.runner import Runner


@record
class Model:
    """A model: the name, format and hash of its file, and its graph, read with `bindings`."""

    info: ModelInfo
    graph: Graph
    bindings: Mapping[str, int] = field(default_factory=dict)


def load(source: object, *, bindings: Mapping[str, int] | None = None) -> Model:
    """The model that `source` is or names.

    Args:
        source: a path (str or PathLike), the bytes of a file, or a model in memory such as an onnx.ModelProto.
        bindings: numbers for dynamic dimensions, by symbol or "tensor:axis".

    Raises:
        UsageError: `source` is of another type, or a binding is not a number.
        ModelError: the file cannot be read, or is not a model that a frontend knows.
    """
    numbers = check_bindings({} if bindings is None else bindings)
    return load_opened(*open_model(source), numbers)


def load_to_plan(source: object, bindings: Mapping[str, int]) -> Model:
    """The model as `load` reads it, with the file's number for dynamic batches; `Graph.batches` lists them."""
    return load_opened(*open_model(source), check_bindings(bindings), batches=True)


def load_opened(
    name: str,
    data: bytes,
    frontend: Frontend,
    bindings: Mapping[str, int],
    *,
    batches: bool = False,
    sha256: str = "",
) -> Model:
    """The model in the bytes that `open_model` gives.

    Args:
        name: of its file.
        data: the bytes.
        frontend: that reads them.
        bindings: as for `load`.
        batches: whether open ones have the number of the file.
        sha256: of the bytes, where that is known.
    """
    try:
        if batches and hasattr(frontend, "load_to_plan"):
            graph = cast(BatchingFrontend, frontend).load_to_plan(data, bindings)
        else:
            graph = frontend.load(data, bindings)
    except ModelError as error:
        raise error.within(name) from None
    except RecursionError:
        raise ModelError("the model is nested too deep", where=name) from None
    if not sha256:
        import hashlib

        sha256 = hashlib.sha256(data).hexdigest()
    return Model(ModelInfo(name, frontend.NAME, sha256, len(data)), graph, bindings)


def load_runner(
    source: object, graph: Graph, bindings: Mapping[str, int], folder: str | os.PathLike[str] | None = None
) -> "Runner":
    """The Runner that executes the model `source`.

    Args:
        source: as `load` takes it.
        graph: what `load` made of it, with all dimensions bound.
        bindings: those that `load` was given.
        folder: of the files beside the model; None for that of its path.

    Raises:
        UsageError: its format cannot be executed, or a package is missing.
        ModelError: the model cannot be read or executed.
    """
    name, data, frontend = open_model(source)
    check_package("numpy", "execute", "running a model")
    if not hasattr(frontend, "runner"):
        raise UsageError(f"{frontend.NAME} models cannot be executed", where=name, hint="verify without --execute")
    try:
        return cast(ExecutingFrontend, frontend).runner(data, graph, bindings, _folder(source, folder))
    except ModelError as error:
        raise error.within(name) from None


def _folder(source: object, folder: str | os.PathLike[str] | None) -> str:
    """`folder`, or that of the path `source`; empty where neither is known."""
    if folder is not None:
        return os.path.abspath(os.fsdecode(folder))
    return os.path.dirname(os.path.abspath(os.fsdecode(source))) if isinstance(source, str | os.PathLike) else ""


def file_bytes(source: object, folder: str | os.PathLike[str] | None = None) -> int:
    """The bytes of the model's file, and of the files beside it.

    Args:
        source: as `load` takes it.
        folder: of the files beside it; None for that of its path.

    Raises:
        UsageError: `source` is of another type.
        ModelError: it cannot be read.
    """
    _, data, frontend = open_model(source)
    size = len(data)
    if (place := _folder(source, folder)) and hasattr(frontend, "other_files"):
        for name in cast(ScatteredFrontend, frontend).other_files(data):
            path = os.path.join(place, name)
            # A name that leads out of the folder is not one of the model's files.
            inside = os.path.realpath(path).startswith(os.path.join(os.path.realpath(place), ""))
            size += os.path.getsize(path) if inside and os.path.isfile(path) else 0
    return size


def other_files(source: str | os.PathLike[str] | bytes) -> tuple[str, ...]:
    """The names of the files that the model `source`, a path or the bytes of a file, needs beside it.

    Raises:
        ModelError: it cannot be read.
    """
    name, data, frontend = open_model(source)
    if not hasattr(frontend, "other_files"):
        return ()
    try:
        return cast(ScatteredFrontend, frontend).other_files(data)
    except ModelError as error:
        raise error.within(name) from None
