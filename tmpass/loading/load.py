"""Loading of models: the frontend for a file is found, and reads it."""

import importlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from tmpass.base.errors import ModelError, UsageError
from tmpass.base.plugins import load_registered, registered_names
from tmpass.base.reading import MOST_PIPED, read_bounded
from tmpass.graph.binding import check_bindings
from tmpass.graph.model import Graph
from tmpass.plans.plan import ModelInfo, Plan

if TYPE_CHECKING:
    from tmpass.loading.runner import Runner

CONTRACT = ("NAME", "SUFFIXES", "accepts", "to_bytes", "load")
"""What each frontend has, of those that other packages register, too: the names of Frontend."""

BUILT_IN = ("tflite", "onnx")
"""Frontends that come with tmpass, as modules of tmpass.frontends."""

GROUP = "tmpass.frontends"
"""The entry point group in which other packages register theirs."""


class Frontend(Protocol):
    """The contract of a frontend, which is a module or an object with these names.

    Fields:
        NAME: the name of the format.
        SUFFIXES: the suffixes of its files, such as ".onnx", in lower case.
    """

    NAME: str
    SUFFIXES: tuple[str, ...]

    def accepts(self, source: object) -> bool:
        """Whether `source`, which is bytes or a model in memory, looks like this format."""

    def to_bytes(self, source: object) -> bytes:
        """The bytes of the file of an accepted `source`."""

    def load(self, data: bytes, bindings: Mapping[str, int]) -> Graph:
        """The graph in `data`, with the bindings applied that the format has a use for.

        Raises:
            ModelError: the bytes are not a model of this format, or a broken one.
        """


class ExecutingFrontend(Frontend, Protocol):
    """A frontend that can also execute its models. The others have no `runner`."""

    def runner(self, data: bytes, graph: Graph, bindings: Mapping[str, int], folder: str) -> "Runner":
        """A Runner for the model in `data`.

        Args:
            data: the bytes of the file.
            graph: what `load` made of it, with all dimensions bound.
            bindings: those that `load` was given.
            folder: of the files that belong to the model, or "" where it is not known.

        Raises:
            UsageError: a package that it needs is not installed.
            ModelError: the model cannot be executed.
        """


class BatchingFrontend(Frontend, Protocol):
    """A frontend whose files have a number in the place of a dynamic batch. The others have no `load_to_plan`."""

    def load_to_plan(self, data: bytes, bindings: Mapping[str, int]) -> Graph:
        """The graph as `load` gives it, with that number for batches that are not bound; `Graph.batches` lists them.

        Raises:
            ModelError: as `load` does.
        """


class CarryingFrontend(Frontend, Protocol):
    """A frontend whose files can carry a plan. The others have no `apply` and no `strip`."""

    def apply(
        self,
        data: bytes,
        orders: Sequence[Sequence[int]],
        offsets: Sequence[Sequence[int]],
        *,
        keeps_offsets: bool,
        bindings: Mapping[str, int],
        plan: str,
    ) -> bytes:
        """The file `data` with the operators of each subgraph in the order of `orders`, by their index in `data`, and
        each tensor at its offset, -1 where the runtime finds a place. `keeps_offsets` says whether the runtime that the
        plan is for places tensors at these offsets; `bindings` are those that `load` was given, and `plan` is all of it
        as JSON, for a format that has room for it.

        Raises:
            ModelError: what the file holds does not go with a plan, or not in that runtime.
        """

    def strip(self, data: bytes) -> bytes | None:
        """The `data` that `apply` was given, or None where `apply` did not make the file.

        Raises:
            ModelError: the file was changed after `apply` made it.
        """


class ScatteredFrontend(CarryingFrontend, Protocol):
    """A frontend of models that may be in several files. The others have no `other_files`."""

    def other_files(self, data: bytes) -> tuple[str, ...]:
        """The names of the files that the model in `data` needs beside its own."""


class ProbingFrontend(CarryingFrontend, Protocol):
    """A frontend that can measure the scratch of kernels in an interpreter. The others have no `probe`."""

    def probe(self, data: bytes, graph: Graph) -> tuple[str, Iterator[tuple[int, int, int | str]]]:
        """The interpreter that measures, and the scratch of operators.

        Args:
            data: the bytes of the model.
            graph: what was read from it.

        Returns:
            The name and version of the interpreter; and for each operator its subgraph, its index, and the bytes that
            its kernel needs while it runs, or a text that says why they are not known.

        Raises:
            UsageError: a package that it needs is not installed.
        """


class MeasuringFrontend(ProbingFrontend, Protocol):
    """A frontend that can also measure what a runtime keeps in an arena. The others have no `measure`."""

    def measure(
        self, data: bytes, graph: Graph
    ) -> tuple[str, tuple[int, int, int] | str, Iterator[tuple[int, int, tuple[bytes, int, int] | str]]]:
        """The interpreter that measures, the arena of the model, and each operator alone.

        Args:
            data: the bytes of the model.
            graph: what was read from it.

        Returns:
            The name and version of the interpreter; head, tail and least arena of the model in bytes, or why they are
            unknown; and for each operator its subgraph, its index, and the file of it alone with the bytes of its
            scratch and of its tail, or why these are unknown.

        Raises:
            UsageError: a package that it needs is not installed.
        """


@dataclass(frozen=True, slots=True)
class Carrier:
    """A model file that can carry a plan.

    Fields:
        name: of the file, for errors.
        data: its bytes without a plan.
        planned: whether it carried one.
    """

    name: str
    data: bytes
    planned: bool
    frontend: CarryingFrontend

    @property
    def other_files(self) -> tuple[str, ...]:
        """The names of the files that the model needs beside its own."""
        if not hasattr(self.frontend, "other_files"):
            return ()
        return cast(ScatteredFrontend, self.frontend).other_files(self.data)

    def apply(
        self, orders: Sequence[Sequence[int]], offsets: Sequence[Sequence[int]], plan: Plan, *, keeps_offsets: bool
    ) -> bytes:
        """The file with `plan`, of which these are the orders of the operators and the offsets of the tensors;
        `keeps_offsets` as CarryingFrontend has it.

        Raises:
            ModelError: what the file holds does not go with it.
        """
        # The user may rename the file, and it must have the same bytes when it is planned again.
        nameless = replace(plan, model=replace(plan.model, file=_nameless(self.frontend)))
        try:
            return self.frontend.apply(
                self.data,
                orders,
                offsets,
                keeps_offsets=keeps_offsets,
                bindings=plan.options.bind,
                plan=nameless.to_json(),
            )
        except ModelError as error:
            raise error.within(self.name) from None


@dataclass(frozen=True, slots=True)
class Model:
    """A model: the name, format and hash of its file, and its graph."""

    info: ModelInfo
    graph: Graph


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
    return _load(*_open(source), numbers)


def load_to_plan(source: object, bindings: Mapping[str, int]) -> Model:
    """The model as `load` reads it, with the file's number for dynamic batches; `Graph.batches` lists them."""
    return _load(*_open(source), check_bindings(bindings), batches=True)


def _load(name: str, data: bytes, frontend: Frontend, bindings: Mapping[str, int], *, batches: bool = False) -> Model:
    try:
        if batches and hasattr(frontend, "load_to_plan"):
            graph = cast(BatchingFrontend, frontend).load_to_plan(data, bindings)
        else:
            graph = frontend.load(data, bindings)
    except ModelError as error:
        raise error.within(name) from None
    except RecursionError:
        raise ModelError("the model is nested too deep", where=name) from None
    import hashlib

    return Model(ModelInfo(name, frontend.NAME, hashlib.sha256(data).hexdigest()), graph)


def load_runner(source: object, graph: Graph, bindings: Mapping[str, int]) -> "Runner":
    """The Runner that executes the model `source`.

    Args:
        source: as `load` takes it.
        graph: what `load` made of it, with all dimensions bound.
        bindings: those that `load` was given.

    Raises:
        UsageError: its format cannot be executed, or a package is missing.
        ModelError: the model cannot be read or executed.
    """
    name, data, frontend = _open(source)
    if not hasattr(frontend, "runner"):
        raise UsageError(f"{frontend.NAME} models cannot be executed", where=name, hint="verify without --execute")
    folder = os.path.dirname(os.path.abspath(os.fsdecode(source))) if isinstance(source, str | os.PathLike) else ""
    try:
        return cast(ExecutingFrontend, frontend).runner(data, graph, bindings, folder)
    except ModelError as error:
        raise error.within(name) from None


def file_bytes(source: object) -> int:
    """The bytes of the model's file, and of the files beside it.

    Args:
        source: as `load` takes it.

    Raises:
        UsageError: `source` is of another type.
        ModelError: it cannot be read.
    """
    _, data, frontend = _open(source)
    size = len(data)
    if isinstance(source, str | os.PathLike) and hasattr(frontend, "other_files"):
        folder = os.path.dirname(os.path.abspath(os.fsdecode(source)))
        for name in cast(ScatteredFrontend, frontend).other_files(data):
            path = os.path.join(folder, name)
            # A name that leads out of the folder is not one of the model's files.
            inside = os.path.realpath(path).startswith(os.path.join(os.path.realpath(folder), ""))
            size += os.path.getsize(path) if inside and os.path.isfile(path) else 0
    return size


def open_carrier(source: object) -> Carrier:
    """The file of a model, without the plan that it may carry.

    Args:
        source: as `load` takes it.

    Raises:
        UsageError: files of its format cannot carry a plan.
        ModelError: it cannot be read, or was changed after it was planned.
    """
    name, data, frontend = _open(source)
    if not hasattr(frontend, "apply"):
        raise UsageError(f"{frontend.NAME} models carry no plan", where=name, hint="write the plan as JSON")
    carrying = cast(CarryingFrontend, frontend)
    try:
        original = carrying.strip(data)
    except ModelError as error:
        raise error.within(name) from None
    return Carrier(name, data if original is None else original, original is not None, carrying)


def other_files(source: str | os.PathLike[str]) -> tuple[str, ...]:
    """The names of the files that the model file `source` needs beside it.

    Raises:
        ModelError: it cannot be read.
    """
    name, data, frontend = _open(source)
    if not hasattr(frontend, "other_files"):
        return ()
    try:
        return cast(ScatteredFrontend, frontend).other_files(data)
    except ModelError as error:
        raise error.within(name) from None


def load_carrier(carrier: Carrier, bindings: Mapping[str, int]) -> Model:
    """The model in `carrier`, without its plan, as `load_to_plan` reads it.

    Raises:
        UsageError, ModelError: as `load` does.
    """
    return _load(carrier.name, carrier.data, carrier.frontend, check_bindings(bindings), batches=True)


def names_model(path: str) -> bool:
    """Whether `path` has the suffix of a built-in frontend."""
    return format_named(path) is not None


def format_named(path: str) -> str | None:
    """The name of the built-in frontend with the suffix of `path`, or None."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix in ("", ".json"):
        return None
    frontends = (importlib.import_module(f"tmpass.frontends.{name}") for name in BUILT_IN)
    return next((frontend.NAME for frontend in frontends if suffix in frontend.SUFFIXES), None)


def _open(source: object) -> tuple[str, bytes, Frontend]:
    """The name, bytes and frontend of `source`."""
    if isinstance(source, str | os.PathLike):
        if not os.fspath(source):
            raise UsageError("the path of the model is empty", hint="give a model file")
        path = Path(os.fsdecode(source))
        data, name, suffix = _read(path), _printable(path.name), path.suffix.lower()
        frontend = (
            _first(lambda f: suffix in f.SUFFIXES and f.accepts(data))
            or _first(lambda f: f.accepts(data))
            or _first(lambda f: suffix in f.SUFFIXES)  # its error says what is wrong with the file
        )
        if frontend is None:
            what = "no frontend knows this file" if data else "the file is empty"
            raise ModelError(what, where=name, hint=f"formats: {_names()}")
        return name, data, frontend
    if isinstance(source, bytes | bytearray | memoryview):
        source = bytes(source)
    frontend = _first(lambda f: f.accepts(source))
    if frontend is None:
        if isinstance(source, bytes):
            raise ModelError("no frontend knows these bytes", where="<memory>", hint=f"formats: {_names()}")
        raise UsageError(f"{type(source).__name__} is not a model", hint=f"give a path, bytes or a model of {_names()}")
    return _nameless(frontend), frontend.to_bytes(source), frontend


def _nameless(frontend: Frontend) -> str:
    """The name of a model that has no file."""
    return f"<memory>.{frontend.NAME}"


def _read(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        # A pipe ends when its writer does. A device such as /dev/zero may have no end, and is refused.
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
            what = "a directory" if stat.S_ISDIR(mode) else "a device"
            raise ModelError(f"it is {what}", where=str(path), hint="give a model file")
        return path.read_bytes() if stat.S_ISREG(mode) else read_bounded(path, MOST_PIPED)
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        raise ModelError(f"cannot read it: {reason}", where=str(path), hint="check the path") from None


def _printable(name: str) -> str:
    """`name` as text that can be written as UTF-8, with other bytes escaped."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _frontends() -> Iterator[Frontend]:
    """Built-in ones first; other packages are only asked when none of those took the model.

    Raises:
        UsageError: the frontend of another package cannot be imported, or is not one.
    """
    for name in BUILT_IN:
        yield cast(Frontend, importlib.import_module(f"tmpass.frontends.{name}"))
    for name in registered_names(GROUP):
        if name not in BUILT_IN:
            yield cast(Frontend, load_registered(GROUP, name, CONTRACT))


def _first(claims: Callable[[Frontend], bool]) -> Frontend | None:
    return next((f for f in _frontends() if claims(f)), None)


def _names() -> str:
    return ", ".join(f.NAME for f in _frontends())
