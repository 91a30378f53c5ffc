"""The file of a planned model, and the file that its plan was read from."""

from dataclasses import field

from tmpass.base.record import record
from tmpass.plans.json_rows import UNWRITTEN


@record
class Carried:
    """The model file that a plan was read from.

    Fields:
        sha256: of its bytes, in hex.
        front: its bytes before those of the original, where the plan is for this file and not for the original.
    """

    sha256: str
    front: bytes = field(default=b"", repr=False)


@record
class ModelInfo:
    """The planned file.

    Fields:
        file: its name without folders.
        sha256: of its bytes, in hex.
        bytes: how many it has; None in plans from before the field was added.
        carried: the model file that the plan was read from, whose name is then `file`; None for any other plan. It is
            not in the JSON.
    """

    file: str
    format: str
    sha256: str
    bytes: int | None = None
    carried: Carried | None = field(default=None, metadata=UNWRITTEN, compare=False, repr=False)
