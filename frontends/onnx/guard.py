"""Accidents while a node is looked at: its inputs or attributes are not what its operator demands."""

from collections.abc import Iterator
from contextlib import contextmanager

from onnx import NodeProto

from tmpass.base.errors import ModelError, TmpassError

from .scopes import node_title

_LONGEST = 200


@contextmanager
def naming(node: NodeProto, index: int) -> Iterator[None]:
    """Turn an accident inside into an error that names `node`.

    Raises:
        ModelError: something else than a TmpassError was raised.
    """
    try:
        yield
    except (TmpassError, RecursionError, MemoryError):
        raise
    except Exception as error:
        text = str(error).partition("\n")[0] or type(error).__name__
        text = text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
        raise ModelError(
            f"its inputs or attributes are not those of {node.op_type}: {text}",
            where=node_title(node, index),
            hint="check the model with onnx.checker.check_model",
        ) from error
