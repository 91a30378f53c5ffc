"""One run: which input, and what comes of it."""

import random
import time
import traceback
from dataclasses import dataclass
from functools import cache

from fuzz.mutate import mutate
from fuzz.targets import TARGETS, Target

from tmpass.base.errors import TmpassError, VerificationError

SLOWEST = 2.0
"""Seconds of processor time that a run may take."""

LONGEST = 20_000
"""Characters that an error may have."""


@dataclass(frozen=True, slots=True)
class End:
    """What came of a run: a word or the class of an error, and the traceback where it is a find."""

    outcome: str
    seconds: float
    find: bool = False
    trace: str = ""


@cache
def _inputs(name: str) -> list[bytes]:
    return TARGETS[name].inputs()


def _generator(seed: int, number: int) -> random.Random:
    return random.Random(seed << 40 | number)


def input_of(target: Target, seed: int, number: int) -> bytes:
    """Input `number` of a seed."""
    return mutate(_generator(seed, number), _inputs(target.name), target.ways)


def try_one(target: Target, data: bytes, seed: int, number: int, *, apart: bool = False) -> End:
    """Try an input, with what is drawn besides it; `apart` where native code may crash."""
    rng = _generator(seed, number)
    rng.random()  # not the number that chose the seed
    check = target.apart if apart and target.apart is not None else target.check
    before = time.process_time()
    try:
        outcome, fault = check(rng, data), ""
    except UnicodeDecodeError:
        outcome, fault = "no text", ""
    except TmpassError as error:
        outcome, fault = type(error).__name__, _judge(error)
    except Exception as error:
        outcome, fault = f"{type(error).__name__}", traceback.format_exc()
    seconds = time.process_time() - before
    if not fault and seconds > SLOWEST:
        outcome, fault = "slow", f"{outcome} after {seconds:.1f} s\n"
    return End(outcome, seconds, bool(fault), fault)


def _judge(error: TmpassError) -> str:
    """What is wrong with a documented error; empty if it is one line of an end that it may have."""
    text = str(error)
    if isinstance(error, VerificationError):
        return traceback.format_exc()
    if error.exit_code not in (2, 3) or not text.isprintable() or len(text) > LONGEST or "please report" in text:
        return f"not an error for people: {text[:200]!r}\n{traceback.format_exc()}"
    return ""
