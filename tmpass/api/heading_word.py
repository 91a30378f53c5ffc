"""The size of a pointer for which the arena of a planned file was predicted, which the file does not say."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from tmpass.graph.model import Graph, TensorKey
from tmpass.plans.heading import Heading
from tmpass.plans.plan import FILE_SOURCE
from tmpass.targets import Target
from tmpass.targets.target import WORD_ASSUMED

if TYPE_CHECKING:
    from tmpass.targets.tail.predict import RuntimeBytes

_WORDS = 8, 4
"""The sizes in bytes, that which is assumed first."""


def with_word(board: Target, heading: Heading | None, graph: Graph, offsets: Mapping[TensorKey, int]) -> Target:
    """`board` with the size of a pointer for which the runtime keeps as much as `heading` says.

    What it keeps is the tail of the arena, or more where preparation needs more than head and tail. It depends on the
    head, of which the file has the tensors but not the scratch above them. So a size that is right without such scratch
    comes before one that is right with some.

    Args:
        board: its size of a pointer stays where its profile says it.
        heading: of the plan in the file; None without one.
        graph: of the planned file.
        offsets: of the tensors in the file.
    """
    if heading is None or board.word_origin != WORD_ASSUMED:
        return board
    from tmpass.targets.tail import runtime_bytes  # which only some runtimes need

    overhead, head = heading.memories[0].overhead, _head(board, graph, offsets)
    tails = {word: runtime_bytes(graph, replace(board, word=word)) for word in _WORDS}
    known = {word: tail for word, tail in tails.items() if tail is not None}
    exact = [word for word, tail in known.items() if tail.overhead(head) == overhead]
    found = exact or [word for word, tail in known.items() if _possible(tail, head, overhead)]
    found = found or [word for word, tail in known.items() if tail.total <= overhead]
    if board.word in found or not known:
        return board
    return replace(board, word=_WORDS[-1], word_source=FILE_SOURCE)


def _possible(tail: "RuntimeBytes", head: int, overhead: int) -> bool:
    """Whether a runtime keeps `overhead` beside a head of `head` or more bytes."""
    return tail.overhead(max(head, tail.preparation - overhead)) == overhead


def _head(board: Target, graph: Graph, offsets: Mapping[TensorKey, int]) -> int:
    """The end of the topmost tensor in the file."""
    sizes = ((offset, graph.tensor(key).bytes or 0) for key, offset in offsets.items() if offset >= 0)
    return max((offset + board.runtime.round_up(size) for offset, size in sizes), default=0)
