"""The contracts of frontends: what each must have, and what it may have besides.

A frontend is a module, or an object, with functions of these names. Whoever needs more than `Frontend` asks for it with
`hasattr`, because most formats cannot do all of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from tmpass.graph.model import Graph

if TYPE_CHECKING:
    from tmpass.graph.content import Content
    from tmpass.graph.dialect import Dialect
    from tmpass.graph.draft import Draft
    from tmpass.graph.layer import Layer
    from tmpass.loading.runner import Runner

CONTRACT = ("NAME", "SUFFIXES", "accepts", "to_bytes", "load")
"""The names in Frontend. `registry.py` refuses a frontend of another package that lacks one, before it is asked."""


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
    """A frontend that can also execute its models, for `tmpass verify --execute`. The others have no `runner`."""

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
    """A frontend whose files have a number in the place of a dynamic batch. The others have no `load_to_plan`.

    With that number, a model that leaves its batch open can be planned. `load` keeps it open, so that a plan can be
    held against the model as it is.
    """

    def load_to_plan(self, data: bytes, bindings: Mapping[str, int]) -> Graph:
        """The graph as `load` gives it, with that number for batches that are not bound; `Graph.batches` lists them.

        Raises:
            ModelError: as `load` does.
        """


class CarryingFrontend(Frontend, Protocol):
    """A frontend whose files can carry a plan, for `tmpass plan -o model.tflite`. The others have neither
    `apply` nor `strip`.
    """

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
        as JSON, for a format that has room for it, or its heading (HeadingFrontend).

        Raises:
            ModelError: what the file holds does not go with a plan, or not in that runtime.
        """

    def strip(self, data: bytes) -> bytes | None:
        """The `data` that `apply` was given, or None where `apply` did not make the file.

        Raises:
            ModelError: the file was changed after `apply` made it.
        """


class RememberingFrontend(CarryingFrontend, Protocol):
    """A frontend whose files hold the whole plan. The others have no `plan_in`."""

    def plan_in(self, data: bytes) -> str | None:
        """The plan that `apply` put into the file `data`, as JSON, or None where there is none.

        Raises:
            ModelError: the file is damaged.
        """


class HeadingFrontend(CarryingFrontend, Protocol):
    """A frontend whose files have no room for the whole plan: `apply` is given its heading (plans/heading.py), as JSON
    on one line. The others have no `heading_in`.
    """

    def heading_in(self, graph: Graph) -> bytes | None:
        """The heading that `apply` put into the file of which `load` made `graph`, or None where there is none."""


class FrontFrontend(CarryingFrontend, Protocol):
    """A frontend whose planned files are the original behind new bytes, the front. The others have neither function."""

    def front_of(self, data: bytes) -> bytes:
        """The front of a file that `apply` made; empty for any other file."""

    def with_front(self, front: bytes, original: bytes) -> bytes | None:
        """The file with the front `front` and the original `original`, or None where `front` is of another original."""


class OffsetsFrontend(CarryingFrontend, Protocol):
    """A frontend whose files can hold offsets for a runtime, of whatever tool. The others have no `offsets_in`."""

    def offsets_in(self, data: bytes, graph: Graph) -> dict[tuple[int, int], int] | None:
        """The offsets of activations in the file `data` in bytes, by subgraph and index; None where it has none.

        Args:
            data: the bytes of the file.
            graph: what `load` made of it.

        Raises:
            ModelError: the offsets are damaged.
        """


class ScatteredFrontend(CarryingFrontend, Protocol):
    """A frontend of models that may be in several files, which a planned model needs too, and which no output may
    overwrite. The others have no `other_files`.
    """

    def other_files(self, data: bytes) -> tuple[str, ...]:
        """The names of the files that the model in `data` needs beside its own."""


class SplittingFrontend(CarryingFrontend, Protocol):
    """A frontend whose models can be split, for `tmpass split`. The others have no `write_draft`."""

    def dialect(self, data: bytes) -> "Dialect":
        """How the format writes what a draft of the model in `data` adds.

        Raises:
            ModelError: the bytes are not a model of this format.
        """

    def content_of(self, data: bytes, graph: Graph) -> "Content":
        """All that decides what the model in `data` computes, for a checker that shares nothing with the rewriter.

        Raises:
            ModelError: as `layers` does.
        """

    def layers(self, data: bytes, graph: Graph) -> "tuple[Layer | None, ...]":
        """The layer of each operator of the main subgraph of `graph`, which was read from `data`.

        Raises:
            ModelError: the file has parts that tmpass cannot write again.
        """

    def write_draft(self, data: bytes, graph: Graph, draft: "Draft", note: tuple[str, bytes] | None) -> bytes:
        """The file of `draft`, a compact draft of `graph`, with the entry `note` in its metadata if there is one.

        Raises:
            ModelError: as `layers` does.
        """


class SizingFrontend(SplittingFrontend, Protocol):
    """A frontend that writes bound sizes into files, for `tmpass split --bind`. The others have no `write_sizes`."""

    def write_sizes(self, data: bytes, graph: Graph) -> bytes:
        """The file `data`, of which `load` made `graph`, with the numbers of `graph` for its open dimensions.

        Raises:
            ModelError: the file is damaged.
        """


class ProbingFrontend(CarryingFrontend, Protocol):
    """A frontend that can measure the scratch of kernels in an interpreter, for `tmpass probe-scratch`. The others have
    no `probe`.
    """

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
