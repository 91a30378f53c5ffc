"""Exceptions while a node is processed, as errors that name the node."""

from collections.abc import Iterator
from contextlib import contextmanager

from onnx import NodeProto

from tmpass.base.errors import ModelError, TmpassError

from .scopes import node_title

_LONGEST = 200


@contextmanager
def naming(node: NodeProto, index: int) -> Iterator[None]:
    """Turn an exception in the block into an error that names `node`.

    Raises:
        ModelError: the block raised something other than a TmpassError.
    """
    try:
        yield
    except (TmpassError, RecursionError, MemoryError):
        raise
    except Exception as error:
        text = str(error).partition("\n")[0] or type(error).__name__
        text = text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
        raise ModelError(
            f"its inputs or attributes do not match {node.op_type}: {text}",
            where=node_title(node, index),
            hint="check the model with onnx.checker.check_model",
        ) from error
