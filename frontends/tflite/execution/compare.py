"""Comparison of results with those of the whole model: the same kernels compute both, so all bits are to be equal."""

from collections.abc import Sequence

import numpy as np

from tmpass.loading.runner import Difference, Value

from .arrays import Form, Handle, Texts, array_of


def compare(made: Value, wanted: Value, again: Sequence[Value] = ()) -> Difference | None:
    """Return how `made` differs from `wanted`; None where all bits are equal.

    The difference is tolerated where LiteRT gives another result `again`, in a later run of the same operators: some
    kernels read bytes that nothing has written, such as those of a slice outside of its input.
    """
    found = _difference(made, wanted)
    if found is None or all(_difference(made, other) is None for other in again):
        return found
    return Difference(f"{found.text}, as results of LiteRT itself do from run to run", True)


def _difference(made: Value, wanted: Value) -> Difference | None:
    mine, theirs = made.form, wanted.form
    if isinstance(mine, Handle) or isinstance(theirs, Handle):
        return None if mine == theirs else Difference("one is a variable, the other is not", False)
    a, b = array_of(made), array_of(wanted)
    if isinstance(mine, Texts) or isinstance(theirs, Texts):
        same = a.shape == b.shape and a.tolist() == b.tolist()
        return None if same else Difference("its texts differ", False)
    if not isinstance(mine, Form) or not isinstance(theirs, Form) or mine.element != theirs.element:
        return Difference(f"it is of {a.dtype}, not {b.dtype}", False)
    if mine.shape != theirs.shape:
        return Difference(f"it has shape {list(mine.shape)}, not {list(theirs.shape)}", False)
    if made.data == wanted.data:
        return None
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(a.astype(complex) - b.astype(complex))
        largest = float(np.nanmax(np.abs(b.astype(complex)), initial=0.0))
    differing = int(np.sum((a != b) & ~((a != a) & (b != b))))
    far = float(np.nanmax(error, initial=0.0))
    return Difference(f"{differing} of {a.size} elements, by up to {far:.3g} where the largest is {largest:.3g}", False)
