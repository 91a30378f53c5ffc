"""The offline memory plan that a file already has, and the operators whose commands depend on it.

ethos-u (commands, weights, scratch, input) -> output      scratch is the whole arena of its compiler; input and
                                                           output are inside it, at the addresses in the commands
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from struct import unpack_from

from tmpass.base.errors import ModelError, brief
from tmpass.graph.model import ABSENT, Op, Subgraph, TensorKind

from . import schema

ADDRESSING = ("ethos-u",)
"""Custom operators whose commands have addresses in the arena."""

IGNORED = (
    "the file already holds an offline memory plan; it is not used here: tmpass show without planning options, such as "
    "--target, shows it"
)

_Key = tuple[int, int]
_HEADER = 3
"""Words before the offsets: version, number of subgraphs, number of offsets."""


def find_fixed(subgraphs: Sequence[Subgraph], metadata: Mapping[str, bytes]) -> tuple[dict[_Key, int], list[str]]:
    """Return the offsets that operators of the file depend on, and warnings.

    All offsets of the file's own plan are fixed if an operator has addresses in its commands: it is one of ADDRESSING,
    or a custom operator with two tensors in the same bytes. Other operators run at any offsets.

    Returns:
        (subgraph, tensor) -> offset in bytes from the start of the arena; and warnings.

    Raises:
        ModelError: an operator depends on the file's plan, but this plan is damaged.

    Source: TensorFlow Lite Micro, memory management: "Offline planned tensor allocations".
    """
    content = metadata.get(schema.OFFLINE_PLAN)
    known = next((op for subgraph in subgraphs for op in subgraph.ops if op.custom and op.kind in ADDRESSING), None)
    if content is None:
        if known is None:
            return {}, []
        kind = brief(known.kind)
        told = f"commands of operator {kind} have addresses in the arena, but the file has no offline memory plan"
        return {}, [f"{told}: whether its tensors overlap is unknown, and each is counted separately"]
    try:
        offsets = _read_offsets(subgraphs, content)
    except ModelError:
        if known is None:
            return {}, [IGNORED]
        raise
    if known is None and not any(_overlaps(op, s, subgraphs, offsets) for s, g in enumerate(subgraphs) for op in g.ops):
        return {}, [IGNORED]
    return offsets, []


def offsets_in(subgraphs: Sequence[Subgraph], metadata: Mapping[str, bytes]) -> dict[_Key, int] | None:
    """Return the offsets that the file has for its activations, in bytes, or None without an offline plan.

    Raises:
        ModelError: the offline plan is damaged.
    """
    content = metadata.get(schema.OFFLINE_PLAN)
    return None if content is None else _read_offsets(subgraphs, content)


def _read_offsets(subgraphs: Sequence[Subgraph], content: bytes) -> dict[_Key, int]:
    """Read the offsets of activations; -1 leaves a tensor to the runtime, which also places variables itself."""
    keys = [(s, t) for s, subgraph in enumerate(subgraphs) for t in range(len(subgraph.tensors))]
    words = unpack_from(f"<{len(content) // 4}i", content)
    count = words[_HEADER - 1] if len(words) >= _HEADER else -1
    if count != len(keys) or len(words) < _HEADER + count:
        fault = f"its offline memory plan has {max(count, 0)} offsets in {len(content)} bytes for {len(keys)} tensors"
        raise ModelError(fault, hint="compile the model again")
    used = [subgraph.used for subgraph in subgraphs]
    found = {}
    for key, offset in zip(keys, words[_HEADER:], strict=False):
        tensor = subgraphs[key[0]].tensors[key[1]]
        if offset < -1:
            raise ModelError(
                f"its offline memory plan has offset {offset} for {brief(tensor.name)}", hint="compile the model again"
            )
        if offset >= 0 and tensor.kind is TensorKind.ACTIVATION and key[1] in used[key[0]]:
            found[key] = offset
    return found


def _overlaps(op: Op, s: int, subgraphs: Sequence[Subgraph], offsets: Mapping[_Key, int]) -> bool:
    """Whether `op` is a custom operator, and two of its tensors share a byte at `offsets`."""
    if not op.custom:
        return False
    spans = sorted(
        (offsets[s, t], offsets[s, t] + (subgraphs[s].tensors[t].bytes or 0))
        for t in {*op.inputs, *op.outputs} - {ABSENT}
        if (s, t) in offsets
    )
    return any(later[0] < earlier[1] for earlier, later in pairwise(spans))
