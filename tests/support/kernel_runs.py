"""Whether TensorFlow Lite Micro runs a model, and why not."""

import os
import re
import signal
import tempfile
from importlib import import_module
from typing import Any

import numpy as np
from tmpass.frontends.isolate import call_apart

from tmpass.base.errors import ModelError

from .interpreters import draw

RUNS = "runs"
_ROOM, _PATIENCE = 1 << 26, 30
_KERNEL = re.compile(
    r"Didn't find op|Failed to get registration|not supported|unsupported|Hybrid models|[Tt]ype|kTfLite|"
    r"only support|not currently support|Node \w+ \(number \d+\) failed to prepare"
)
_OTHER = re.compile(r"num_input_elements != num_output|Failed to resize buffer|bytes >= 0")


def why_not(model: bytes) -> str:
    """RUNS, or "kernel: ..." where an operator or a type is refused, or "other fault: ..."."""
    found = ""
    for drawn in (False, True):  # some kernels abort at ones, others at what was drawn
        try:
            found = call_apart(_why_not, import_module("tflite_micro").runtime, model, drawn, package="tflite-micro")
        except ModelError as error:  # the process ended
            found = f"other fault: {error}"
        if not found.startswith("other"):
            break
    return found


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
