"""Draws TFLite operators: their shapes, their attributes, and which dimensions are open."""

from random import Random

from . import drawn_computing, drawn_moving, drawn_stablehlo
from .drawn_one import Drawn

DRAW = [*drawn_computing.DRAW, *drawn_moving.DRAW, *drawn_stablehlo.DRAW]


def drawn_operator(seed: int) -> tuple[Drawn, set[tuple[int, int]]]:
    """An operator, and which of its inputs' axes are open; the same for the same seed."""
    rng = Random(seed)
    made = DRAW[seed % len(DRAW)](rng)
    return made, {pair for pair in made.axes() if rng.random() < 0.5}
