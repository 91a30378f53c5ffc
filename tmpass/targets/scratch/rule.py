"""Rules for the scratch of kernels, which hold for any model or for one operator."""

from tmpass.base.record import record


@record
class ScratchRule:
    """One scratch buffer for one operator, or for each operator of a kind.

    Fields:
        kind: of the operators; may be "" for one operator.
        bytes: a number or a formula.
        subgraph, op: the place of the one operator, which must be of `kind`; None for each operator of `kind`.
        source: where the number comes from.
    """

    kind: str
    bytes: int | str
    subgraph: int | None = None
    op: int | None = None
    source: str = ""
