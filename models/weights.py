"""Weights from a seed: small multiples of 1/128, which every format and machine holds exactly."""

import random
from math import prod

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


class Weights:
    """A stream of weights; the same seed gives the same stream."""

    def __init__(self, seed: int) -> None:
        """Begin the stream of `seed`."""
        # Of the standard generators, only random() promises the same numbers in every version of Python.
        self._random = random.Random(seed).random

    def draw(self, *shape: int) -> Array:
        """Return the next array of `shape`: float32 in [-0.5, 0.5]."""
        steps = [int(self._random() * 129) - 64 for _ in range(prod(shape))]
        return (np.array(steps, np.float32) / np.float32(128)).reshape(shape)
