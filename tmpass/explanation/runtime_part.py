"""A part of what a runtime takes of a memory for itself."""

from tmpass.base.record import record


@record
class RuntimePart:
    """A part of what the runtime takes of a memory for itself.

    Fields:
        what: its name.
        count: how many things have it: tensors in a list, buffers of kernels.
        bytes: all of them together, with padding.
        keeps: what buffers of kernels are, where that is known.
    """

    what: str
    count: int
    bytes: int
    keeps: str = ""
