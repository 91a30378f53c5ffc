"""Writing of scratch files."""

from collections.abc import Iterable

from tmpass.base.json_text import json_text
from tmpass.targets.scratch.read import SCHEMA
from tmpass.targets.scratch.rule import ScratchRule


def scratch_json(rules: Iterable[ScratchRule], sha256: str) -> str:
    """The text of a scratch file with a line for each rule.

    Args:
        rules: each for one operator.
        sha256: that of the model's file.
    """
    rows = (
        {"subgraph": rule.subgraph, "op": rule.op, "kind": rule.kind, "bytes": rule.bytes, "source": rule.source}
        for rule in rules
    )
    lines = ",\n".join(json_text(row) for row in rows)
    scratch = f"[\n{lines}\n]" if lines else "[]"
    return f'{{"schema": "{SCHEMA}",\n"sha256": "{sha256}",\n"scratch": {scratch}}}\n'
