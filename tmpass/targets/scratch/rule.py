"""What is known of a kernel's scratch before a model is seen."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScratchRule:
    """One scratch buffer of `bytes`, a number or a formula, for an operator or for all operators of `kind`.

    With `subgraph` and `op` it is for the operator at that place alone, which must be of `kind` unless that is empty.
    `source` says where the number comes from.
    """

    kind: str
    bytes: int | str
    subgraph: int | None = None
    op: int | None = None
    source: str = ""
