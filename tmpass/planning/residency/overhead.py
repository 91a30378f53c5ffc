"""The bytes of a memory that a runtime takes for itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from tmpass.planning.residency.constants import StoredConstants
from tmpass.targets import Runtime

REST_OF_FILE = "the rest of the model's file"


@dataclass(frozen=True, slots=True)
class Overhead:
    """Bytes that a runtime takes, and where the number comes from."""

    bytes: int
    source: str


def find_overhead(runtime: Runtime, stored: StoredConstants | None, file_bytes: int | None) -> Mapping[str, Overhead]:
    """Memory -> what the runtime takes of it.

    A runtime that keeps the file of the model, in the home of the constants, keeps its other bytes as well.

    Args:
        runtime: of the target.
        stored: the constants in their home; None where they are not planned.
        file_bytes: of the model's file; None where it is not known.
    """
    if not runtime.keeps_file or stored is None or file_bytes is None:
        return {}
    rest = max(0, file_bytes - stored.total)
    return {stored.home.name: Overhead(rest, REST_OF_FILE)} if rest else {}
