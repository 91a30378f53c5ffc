"""The note in the metadata of a split model: what was changed, and from which file."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256

from tmpass.base.version import VERSION
from tmpass.splitting.net import Net
from tmpass.splitting.stage import Stage

NAME = "tmpass.split"
"""Of the entry of the metadata."""


def write_note(
    net: Net, stages: Sequence[Stage], folded: int, original: bytes, bindings: Mapping[str, int]
) -> tuple[str, bytes]:
    """The name and the content of the note.

    Args:
        net: the model whose operators the stages name.
        stages: what was split.
        folded: how many operators were folded into others.
        original: the bytes of the original file.
        bindings: numbers for its open dimensions.
    """
    rows = [
        {
            "first": net.op(stage.first).name,
            "last": net.op(stage.last).name,
            "along": str(stage.along),
            "bounds": list(stage.bounds),
        }
        for stage in stages
    ]
    found = {"tmpass": VERSION, "original_sha256": sha256(original).hexdigest(), "folded": folded, "stages": rows}
    if bindings:
        found["bind"] = dict(sorted(bindings.items()))
    return NAME, json.dumps(found, separators=(",", ":")).encode()


def is_split(metadata: Mapping[str, bytes]) -> bool:
    """Whether a model has the note."""
    return NAME in metadata
