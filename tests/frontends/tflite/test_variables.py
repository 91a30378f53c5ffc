"""A value that is read from a variable has the shape of the value assigned to it."""

import numpy as np
import pytest
from tflite_writer import Operator, Subgraph, Tensor, options, write_model
from tmpass.frontends import tflite

from tmpass.base.errors import ModelError
from tmpass.graph.model import Dim

HANDLE = options("VarHandleOptions", container="", shared_name="state")
OTHER = options("VarHandleOptions", container="", shared_name="other")


def read_shape(assigned: Tensor, read: Tensor, *, table=HANDLE, **bindings: int) -> tuple[Dim, ...] | None:
    """The shape of `read`, where an initializing subgraph assigns zeros [3, 4] and the main one `assigned` at last."""
    init = Subgraph(
        [Tensor("zeros", [3, 4], data=np.zeros((3, 4), "<f4").tobytes()), Tensor("v", [], "RESOURCE")],
        [Operator("VAR_HANDLE", [], [1], HANDLE), Operator("ASSIGN_VARIABLE", [1, 0])],
        name="init",
    )
    main = Subgraph(
        [assigned, Tensor("v", [], "RESOURCE"), read, Tensor("y", [])],
        [
            Operator("CALL_ONCE", [], [], options("CallOnceOptions", init_subgraph_index=1)),
            Operator("VAR_HANDLE", [], [1], table),
            Operator("READ_VARIABLE", [1], [2]),
            Operator("ASSIGN_VARIABLE", [1, 0]),
            Operator("NEG", [2], [3]),
        ],
        [0],
        [3],
    )
    graph = tflite.load(write_model([main, init]), {key.replace("_", ":"): n for key, n in bindings.items()})
    return graph.subgraphs[0].tensors[3].shape


OPEN = Tensor("x", [1, 4], shape_signature=[-1, 4])


@pytest.mark.parametrize("read", [Tensor("r", []), Tensor("r", [1, 4], shape_signature=[-1, 4])])
def test_a_variable_has_the_shape_that_was_assigned(read: Tensor) -> None:
    assert read_shape(OPEN, read, x_0=3) == (3, 4)


def test_a_variable_of_another_name_is_not_it() -> None:
    assert read_shape(OPEN, Tensor("r", []), table=OTHER, x_0=3) is None


def test_a_variable_that_changes_its_size_is_refused() -> None:
    with pytest.raises(ModelError, match=r"variable 'state' is read as \[3, 4\], but assigned \[5, 4\]"):
        read_shape(OPEN, Tensor("r", []), x_0=5)


def test_a_variable_that_is_assigned_first_behind_the_read_keeps_the_size_that_the_file_has() -> None:
    with pytest.raises(ModelError, match=r"variable 'other' is read as \[7, 4\], but assigned \[3, 4\]"):
        read_shape(Tensor("x", [3, 4]), Tensor("r", [7, 4]), table=OTHER)
    assert read_shape(Tensor("x", [7, 4]), Tensor("r", [7, 4]), table=OTHER) == (7, 4)
