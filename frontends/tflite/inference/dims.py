"""Arithmetic on dimensions, some of which are names."""

from collections.abc import Iterable

from .op_context import Dim, Impossible, Shape, Unknown


def broadcast(*shapes: Shape) -> Shape:
    """The shape to which all `shapes` broadcast.

    Raises:
        Impossible: two of them cannot be broadcast.
    """
    first = shapes[0]
    if all(shape == first for shape in shapes):
        return first
    rank = max(map(len, shapes))
    made: list[Dim] = []
    for axis in range(-rank, 0):
        dim: Dim = 1
        for shape in shapes:
            if len(shape) >= -axis:
                dim = _wider(dim, shape[axis], shapes)
        made.append(dim)
    return tuple(made)


def _wider(one: Dim, other: Dim, shapes: Iterable[Shape]) -> Dim:
    if one == other or other == 1:
        return one
    if one == 1:
        return other
    if isinstance(one, int) and isinstance(other, int):
        raise Impossible(f"{' and '.join(map(written, shapes))} cannot be broadcast")
    # The open dimension is 1, or equal to the number, so the result is a number other than 1.
    return one if isinstance(one, int) else other if isinstance(other, int) else None


def added(dims: Iterable[Dim]) -> Dim:
    """The sum of `dims`; None where it cannot be written as one dimension."""
    total, names = 0, list[Dim]()
    for dim in dims:
        if isinstance(dim, int):
            total += dim
        else:
            names.append(dim)
    if not names:
        return total
    return names[0] if len(names) == 1 and not total else None


def multiplied(dims: Iterable[Dim]) -> Dim:
    """The product of `dims`; None where it cannot be written as one dimension."""
    number, names = factors(dims)
    if not names or number == 0:
        return number
    return names[0] if len(names) == 1 and number == 1 else None


def factors(dims: Iterable[Dim]) -> tuple[int, list[Dim]]:
    """The product of the numbers among `dims`, and the open dimensions."""
    number, names = 1, list[Dim]()
    for dim in dims:
        if isinstance(dim, int):
            number *= dim
        else:
            names.append(dim)
    return number, names


def quotient(whole: Iterable[Dim], parts: Iterable[Dim]) -> Dim:
    """The product of `whole` over the product of `parts`; None where it cannot be written as one dimension.

    Raises:
        Impossible: the quotient is not a whole number.
    """
    (number, names), (divisor, others) = factors(whole), factors(parts)
    for other in others:
        if other is None or other not in names:
            return None
        names.remove(other)
    if names:
        return names[0] if len(names) == 1 and number == divisor and names[0] is not None else None
    if divisor == 0:
        raise Unknown
    if number % divisor:
        raise Impossible(f"{number} elements are not a multiple of {divisor}")
    return number // divisor


def written(shape: Shape) -> str:
    """`shape` as text."""
    return f"[{', '.join('?' if dim is None else str(dim) for dim in shape)}]"
