"""The axes along which the result of a stage is cut."""

from enum import StrEnum


class Along(StrEnum):
    """The axis along which the result of a stage is cut."""

    ROWS = "rows"
    COLUMNS = "columns"
    CHANNELS = "channels"
