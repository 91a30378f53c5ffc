"""Functions that tests call in other processes."""

import os


def answer(value: int, by: int = 1) -> tuple[int, int]:
    return value * by, os.getpid()


def refuse(value: int) -> None:
    raise ValueError(f"no {value}")


def die(number: int) -> None:
    os.kill(os.getpid(), number)
