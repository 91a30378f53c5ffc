"""Attributes of nodes as plain values."""

from onnx import NodeProto


def integer(node: NodeProto, name: str, default: int) -> int:
    """A whole number."""
    return next((int(a.i) for a in node.attribute if a.name == name), default)


def integers(node: NodeProto, name: str) -> tuple[int, ...] | None:
    """The integers of an attribute; None if the node does not have it."""
    return next((tuple(a.ints) for a in node.attribute if a.name == name), None)


def text(node: NodeProto, name: str, default: str) -> str:
    """A text."""
    return next((a.s.decode("utf-8", "replace") for a in node.attribute if a.name == name), default)
