"""An operator and the subgraphs that it runs pass each other as many tensors as the format says."""

import pytest
from tflite_writer import Operator, Options, Subgraph, Tensor, options, write_model
from tmpass.frontends import tflite

from tmpass.errors import ModelError
from tmpass.graph import Graph

IF = options("IfOptions", then_subgraph_index=1, else_subgraph_index=2)
WHILE = options("WhileOptions", cond_subgraph_index=1, body_subgraph_index=2)
CALL = options("CallOptions", subgraph=1)
ONCE = options("CallOnceOptions", init_subgraph_index=1)


def body(takes: int, gives: int, size: int = 4) -> Subgraph:
    tensors = [Tensor(f"t{i}", [size]) for i in range(max(takes, gives))]
    return Subgraph(tensors, [], list(range(takes)), list(range(gives)))


def load(kind: str, table: Options, *bodies: Subgraph, open_: bool = False, **bindings: int) -> Graph:
    """An operator with two inputs and a result."""
    tensors = [Tensor("c", [1], "BOOL"), Tensor("x", [4]), Tensor("y", [-1] if open_ else [4])]
    main = Subgraph(tensors, [Operator(kind, [0, 1], [2], table)], [0, 1], [2])
    return tflite.load(write_model([main, *bodies]), {key.replace("_", ":"): n for key, n in bindings.items()})


@pytest.mark.parametrize(
    ("kind", "table", "bodies", "fault"),
    [
        ("IF", IF, [(1, 1), (2, 1)], r"operator 0 \(IF\): its else, subgraph 2 .* takes 2 tensors, 1 are passed to it"),
        ("IF", IF, [(1, 0), (1, 1)], r"its then, .* gives 0 tensors, 1 are taken from it"),
        ("CALL", CALL, [(1, 1)], r"its call, .* takes 1 tensors, 2 are passed to it"),
        ("WHILE", WHILE, [(2, 2), (2, 1)], r"its cond, .* gives 2 tensors, 1 are taken from it"),
        ("WHILE", WHILE, [(2, 1), (3, 1)], r"its body, .* takes 3 tensors, 2 are passed to it"),
        ("CALL_ONCE", ONCE, [(0, 1)], r"its init, .* gives 1 tensors, 0 are taken from it"),
    ],
)
def test_subgraphs_that_do_not_match_are_refused(
    kind: str, table: Options, bodies: list[tuple[int, int]], fault: str
) -> None:
    with pytest.raises(ModelError, match=fault):
        load(kind, table, *(body(*ends) for ends in bodies))


def test_what_is_bound_must_hold_what_every_branch_gives() -> None:
    branches = body(1, 1), body(1, 1, size=8)
    assert load("IF", IF, *branches, open_=True, y_0=8)
    with pytest.raises(ModelError, match="its else gives 't0' with 8 along axis 0, for which 'y' is bound to 7"):
        load("IF", IF, *branches, open_=True, y_0=7)


def test_numbers_in_the_file_may_be_placeholders() -> None:
    """Converters write 1 where a size is only known at run time."""
    assert load("IF", IF, body(1, 1), body(1, 1, size=8))
