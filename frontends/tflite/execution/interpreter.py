"""Interpreters of LiteRT, and their exceptions as errors."""

import os
import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from tmpass.base.errors import BudgetError, ModelError, TmpassError, brief
from tmpass.base.packages import import_package

ONLY = "only what LiteRT runs can be executed"
"""The hint of an error where LiteRT refuses something."""

_CUSTOM = re.compile(r"unresolved custom op: ([^\n]*?)\.?(See instructions|\n|$)")
_SOURCE = re.compile(r"\S*/(\w+\.(?:cc|h)):?(\d+)? ?")
_NODE = re.compile(r"\.?Node number (\d+ \([^)]*\)) failed to \w+$")
_NEXT = re.compile(r"(?<=[\d\])])\.(?=[A-Z][a-z]+ )|\.(?=(?:Tensor|Node|Input|Output) )")
"""Between two faults: LiteRT sets them one behind the other, as in `[0, 1). Was 3.Tensor 33 has`."""

_NO_MEMORY = re.compile(r"bad_alloc|[Ff]ailed to allocate memory|out of memory|allocate \d+ bytes")


def import_interpreter() -> Any:
    """Return the module ai_edge_litert.interpreter.

    Raises:
        UsageError: it cannot be imported.
    """
    return import_package("ai_edge_litert.interpreter", "execute", "running a TFLite model")


def engine_name(kernels: str) -> str:
    """The name of LiteRT with its version and its `kernels`."""
    try:
        return f"LiteRT {version('ai-edge-litert')} ({kernels} kernels)"
    except PackageNotFoundError:
        return f"LiteRT ({kernels} kernels)"


KERNELS = {"optimised": "BUILTIN_WITHOUT_DEFAULT_DELEGATES", "reference": "BUILTIN_REF"}
"""Kernels of LiteRT -> the resolver that gives them. Delegates, which compute several operators at once, are off.

Both compute the same for the same inputs, on one thread. The optimised kernels come first: they are those that users
run, they are up to a hundred times faster, and the reference kernels end the process on convolutions of floats by
integer weights for each channel.
"""


def open_interpreter(model: bytes, kernels: str) -> Any:
    """An interpreter of `model` with one thread.

    Raises:
        ModelError: LiteRT refuses the model.
    """
    module = import_interpreter()
    resolver = module.OpResolverType[KERNELS[kernels]]
    try:
        return module.Interpreter(model_content=model, num_threads=1, experimental_op_resolver_type=resolver)
    except Exception as error:
        raise refused(error) from None


def run_signature(interpreter: Any, key: str, given: dict[str, Any]) -> dict[str, Any]:
    """The outputs of a signature by name.

    Raises:
        ModelError: LiteRT cannot run it.
        BudgetError: it needs more memory than executing may take.
    """
    try:
        made: dict[str, Any] = interpreter.get_signature_runner(key)(**given)
    except Exception as error:
        raise refused(error) from None
    return made


def allocate(interpreter: Any, shapes: Sequence[tuple[int, Sequence[int]]]) -> None:
    """Give the inputs of `interpreter` their shapes, by tensor index, and allocate its tensors.

    Raises:
        ModelError, BudgetError: as `run_signature` does.
    """
    try:
        for tensor, shape in shapes:
            interpreter.resize_tensor_input(tensor, list(shape))
        interpreter.allocate_tensors()
    except Exception as error:
        raise refused(error) from None


def read(interpreter: Any, tensor: int) -> Any:
    """The array of a tensor of an allocated `interpreter`.

    Raises:
        ModelError: it has none.
    """
    try:
        return interpreter.get_tensor(tensor)
    except Exception as error:
        # The one way to learn the shape and type of a tensor without bytes, which it does not give as an array.
        details = interpreter._get_tensor_details(tensor, 0)
        if 0 in details["shape"] and "Invalid tensor size" in str(error):
            return np.zeros(details["shape"], details["dtype"])
        raise refused(error) from None


def invoke(interpreter: Any, given: dict[int, Any], wanted: Sequence[int]) -> dict[int, Any]:
    """The tensors `wanted` of an allocated `interpreter` after a run with the tensors `given`, by index.

    Raises:
        ModelError, BudgetError: as `run_signature` does.
    """
    try:
        for tensor, array in given.items():
            interpreter.set_tensor(tensor, array)
        interpreter.invoke()
    except Exception as error:
        raise refused(error) from None
    return {tensor: read(interpreter, tensor) for tensor in wanted}


def refused(error: Exception) -> TmpassError:
    """The error for an exception of LiteRT."""
    text = str(error).strip()
    if isinstance(error, MemoryError) or _NO_MEMORY.search(text):
        return BudgetError("LiteRT needs more memory than executing may take", hint="raise --execute-bytes")
    custom = _CUSTOM.search(text)
    if custom is not None:
        return ModelError(f"LiteRT has no kernel for the custom operator {brief(custom[1])}", hint=ONLY)
    if "Invalid tensor size" in text:
        return ModelError("LiteRT does not give the whole model's output without elements", hint=ONLY)
    lines = [_SOURCE.sub("", line).strip().rstrip(".") for line in text.split("\n") if line.strip()]
    if not lines:
        what = "LiteRT does not run it, and does not say why: it may need more memory"
        return BudgetError(what, hint="raise --execute-bytes")
    fault = _NEXT.split(_NODE.sub(r", at its operator \1", lines[0]), maxsplit=1)[0]
    fault = fault if len(fault) <= 300 else fault[:297] + "..."
    return ModelError(f"LiteRT cannot run it: {fault.replace(os.linesep, ' ')}", hint=ONLY)
