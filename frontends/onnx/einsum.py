"""The output shape of Einsum."""

from collections.abc import Sequence

from .value_types import Hole

_DOTS = "..."


def einsum(equation: str, shapes: Sequence[tuple[Hole, ...]]) -> tuple[Hole, ...] | None:
    """Return the output shape of `equation` over inputs of `shapes`; None where these do not match.

    A dimension of one is broadcast to the others of its letter, as in ONNX Runtime. Dots stand for axes that are
    broadcast with the dots of other terms. Without an arrow, the result has the dots, then the letters that occur once,
    in alphabetical order.
    """
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(shapes) or right.count(_DOTS) > 1:
        return None
    letters: dict[str, Hole] = {}
    dots: list[Hole] = []
    for term, shape in zip(terms, shapes, strict=True):
        before, some, behind = term.partition(_DOTS)
        between = len(shape) - len(before) - len(behind)
        if "." in before + behind or between < 0 or (between and not some):
            return None
        for letter, dim in zip(before + behind, (*shape[: len(before)], *shape[len(before) + between :]), strict=True):
            letters[letter] = _wider(letters.get(letter, 1), dim)
        middle = shape[len(before) : len(before) + between]
        dots = [*[1] * (len(middle) - len(dots)), *dots]
        offset = len(dots) - len(middle)
        dots[offset:] = map(_wider, dots[offset:], middle)
    if not arrow:
        right = _DOTS + "".join(sorted(letter for letter in letters if left.count(letter) == 1))
    before, some, behind = right.partition(_DOTS)
    if not set(before + behind) <= set(letters):
        return None
    return (*(letters[x] for x in before), *(dots if some else ()), *(letters[x] for x in behind))


def _wider(one: Hole, other: Hole) -> Hole:
    """Broadcast two dimensions: a 1 takes the value of the other one."""
    if one == other or other == 1:
        return one
    if one == 1:
        return other
    return one if isinstance(one, int) else other if isinstance(other, int) else None
