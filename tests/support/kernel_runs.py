"""Whether TensorFlow Lite Micro runs a model, and why not."""

import json
import os
import re
import signal
import tempfile
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
from tmpass.frontends.isolate import call_apart

from tmpass.base.errors import ModelError

from .interpreters import draw

RUNS = "runs"
_ROOM, _PATIENCE = 1 << 26, 5
_SIZE = 1 << 24
"""Of a model for which a child process has time for hundreds of small ones."""
_KERNEL = re.compile(
    r"Didn't find op|Failed to get registration|not supported|unsupported|Hybrid models|[Tt]ype|kTfLite|"
    r"only support|not currently support|Node \w+ \(number \d+\) failed to prepare"
)
_OTHER = re.compile(r"num_input_elements != num_output|Failed to resize buffer|bytes >= 0")


def why_not(model: bytes) -> str:
    """RUNS, or "kernel: ..." where an operator or a type is refused, or "other fault: ..."."""
    return why_not_each([model])[0]


def why_not_each(models: Sequence[bytes]) -> list[str]:
    """What `why_not` says of each model. One process runs all, up to one that ends it."""
    found = _tried(models, drawn=False)
    # Some kernels abort at ones, others at what was drawn.
    again = [at for at, one in enumerate(found) if one.startswith("other")]
    for at, one in zip(again, _tried([models[at] for at in again], drawn=True), strict=True):
        found[at] = one
    return found


def _tried(models: Sequence[bytes], *, drawn: bool) -> list[str]:
    runtime, found = import_module("tflite_micro").runtime, list[str]()
    while len(found) < len(models):
        with tempfile.TemporaryFile() as told:
            ended = ""
            try:
                left = models[len(found) :]
                call_apart(_tell_each, runtime, left, drawn, told.fileno(), package="tflite-micro", size=_SIZE)
            except ModelError as error:  # the process ended
                ended = f"other fault: {error}"
            told.seek(0)
            found += [json.loads(line) for line in told]
        found += [ended] if ended else []
    return found


def _tell_each(runtime: Any, models: Sequence[bytes], drawn: bool, to: int) -> None:
    """Write what comes of each model to the file `to`, a line each."""
    for model in models:
        os.write(to, json.dumps(_why_not(runtime, model, drawn)).encode() + b"\n")


def _why_not(runtime: Any, model: bytes, drawn: bool) -> str:
    signal.setitimer(signal.ITIMER_PROF, _PATIENCE)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            interpreter = runtime.Interpreter.from_bytes(model, arena_size=_ROOM)
            _feed(interpreter, drawn=drawn)
            interpreter.invoke()
            return RUNS
        except Exception as error:
            said.seek(0)
            lines = said.read().decode(errors="replace").split("\n")
            text = " ".join(line.strip() for line in lines if line.strip())[:160] or str(error)
    kernel = _KERNEL.search(text) and not _OTHER.search(text)
    return f"{'kernel' if kernel else 'other fault'}: {text}"


def _feed(interpreter: Any, *, drawn: bool) -> None:
    """Drawn values for every input, or ones."""
    for index in range(16):
        try:
            details = interpreter.get_input_details(index)
        except Exception:  # the model has fewer inputs
            return
        shape, dtype = details["shape"], details["dtype"]
        interpreter.set_input(draw(shape, dtype, index) if drawn else np.ones(shape, dtype), index)
