"""TFLite models of one loop."""

from tflite_writer import Operator, Subgraph, Tensor, options, write_model

WHILE = options("WhileOptions", cond_subgraph_index=1, body_subgraph_index=2)

GROWING = [Operator("CONCATENATION", [0, 1], [2], options("ConcatenationOptions", axis=0))]
"""The operators of a body that gives more than it takes."""


def loop(state: Tensor, *made: Tensor, operators: list[Operator], file_state: Tensor | None = None) -> bytes:
    """WHILE over `state`, whose body gives the last of `made`; a condition that is always true."""
    cond = Subgraph([state, Tensor("true", [1], "BOOL", data=b"\1")], [], [0], [1], name="cond")
    inner = Subgraph([state, *made], operators, [0], [len(made)], name="body")
    tensors = [Tensor("x", state.shape, state.dtype, shape_signature=state.shape_signature), file_state or state]
    main = Subgraph(tensors, [Operator("WHILE", [0], [1], WHILE)], [0], [1])
    return write_model([main, cond, inner])
