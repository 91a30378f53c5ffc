"""Facts about the constants of a plan, as an explanation has them: where each is while a run reads it, and why."""

from enum import StrEnum

from tmpass.base.record import record
from tmpass.graph.model import TensorKey


class Place(StrEnum):
    """Where operators find a constant."""

    RESIDENT = "resident"
    STREAMED = "streamed"
    IN_PLACE = "read in place"
    UNREAD = "not read"


@record
class WeightRow:
    """One constant that is stored.

    Fields:
        id: of its row in the plan.
        tensors: keys of the tensors that have its bytes.
        name: of the first of them.
        size: in bytes.
        place: where operators find it.
        steps: those whose operators read it. Without the model only those of streamed copies are known, and a constant
            that has none has None.
        streamed: the bytes that each run loads, a loop counted as one round.
        saved: the bytes that each run loads less since the constant is resident; None without the model.
        why: the reason for its place.
    """

    id: int
    tensors: tuple[TensorKey, ...]
    name: str
    size: int
    place: Place
    steps: tuple[int, ...] | None
    streamed: int
    saved: int | None
    why: str


@record
class Layer:
    """An operator with the constants that it reads.

    Fields:
        step: in the schedule.
        kind, name: of the operator.
        rows: positions of its constants in `Weights.rows`, the largest first.
        bytes: of these.
        shares: place -> the bytes there, in the order of `Place`, none of them 0.
    """

    step: int
    kind: str
    name: str
    rows: tuple[int, ...]
    bytes: int
    shares: tuple[tuple[Place, int], ...]


@record
class Weights:
    """The constants of a plan, and what each run moves of them.

    Fields:
        home: the memory that keeps them; empty where the plan has none.
        stored: their bytes.
        memory: the one that copies are in; empty where no constant is copied.
        room: bytes of `memory` for buffers and copies; None where it is unlimited, or where there is no copy.
        resident: bytes of the resident copies.
        left: bytes above all that is in `memory`; None without a limit.
        streamed: the bytes that each run loads.
        least_streamed: with copies above these buffers, no choice of residents loads fewer in each run; None where that
            is not known.
        any_order: the bound of the plan on what any order loads in each run; None where it has none.
        among: whether copies lie among the buffers of `memory`. Then reasons count the bytes that are free at a step,
            wherever they are.
        rows: by falling size.
        layers: in the order of the schedule, those with constants; None without the model.
    """

    home: str
    stored: int
    memory: str
    room: int | None
    resident: int
    left: int | None
    streamed: int
    least_streamed: int | None
    rows: tuple[WeightRow, ...]
    layers: tuple[Layer, ...] | None
    among: bool = False
    any_order: int | None = None
