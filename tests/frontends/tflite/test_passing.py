"""Calls of subgraphs with a wrong number or size of tensors are refused."""

import pytest
from support.tflite_loops import GROWING, WHILE, loop
from tflite_writer import Operator, Options, Subgraph, Tensor, options, write_model
from tmpass.frontends import tflite

from tmpass.base.errors import ModelError
from tmpass.graph.model import Graph, TensorKind

IF = options("IfOptions", then_subgraph_index=1, else_subgraph_index=2)
CALL = options("CallOptions", subgraph=1)
ONCE = options("CallOnceOptions", init_subgraph_index=1)


def body(takes: int, gives: int, size: int = 4) -> Subgraph:
    tensors = [Tensor(f"t{i}", [size]) for i in range(max(takes, gives))]
    return Subgraph(tensors, [], list(range(takes)), list(range(gives)))


def constant(size: int, dtype: str = "FLOAT32") -> Subgraph:
    """A body that gives `size` elements, whatever it takes."""
    width = 8 if dtype == "INT64" else 4
    return Subgraph([Tensor("in", [4]), Tensor("made", [size], dtype, data=bytes(size * width))], [], [0], [1])


def load(kind: str, table: Options, *bodies: Subgraph, open_: bool = False, **bindings: int) -> Graph:
    """An operator with two inputs and a result."""
    tensors = [Tensor("c", [1], "BOOL"), Tensor("x", [4]), Tensor("y", [-1] if open_ else [4])]
    main = Subgraph(tensors, [Operator(kind, [0, 1], [2], table)], [0, 1], [2])
    return tflite.load(write_model([main, *bodies]), {key.replace("_", ":"): n for key, n in bindings.items()})


@pytest.mark.parametrize(
    ("kind", "table", "bodies", "fault"),
    [
        (
            "IF",
            IF,
            [(1, 1), (2, 1)],
            r"operator 0 \(IF\): its else, subgraph 2 .* takes 2 tensors, but 1 are passed to it",
        ),
        ("IF", IF, [(1, 0), (1, 1)], r"its then, .* gives 0 tensors, but 1 are taken from it"),
        ("CALL", CALL, [(1, 1)], r"its call, .* takes 1 tensors, but 2 are passed to it"),
        ("WHILE", WHILE, [(2, 2), (2, 1)], r"its cond, .* gives 2 tensors, but 1 are taken from it"),
        ("WHILE", WHILE, [(2, 1), (3, 1)], r"its body, .* takes 3 tensors, but 2 are passed to it"),
        ("WHILE", WHILE, [(2, 1), (2, 1)], r"its loop has 2 inputs, but 1 outputs"),
        ("CALL_ONCE", ONCE, [(0, 1)], r"its init, .* gives 1 tensors, but 0 are taken from it"),
    ],
)
def test_subgraphs_that_do_not_match_are_refused(
    kind: str, table: Options, bodies: list[tuple[int, int]], fault: str
) -> None:
    with pytest.raises(ModelError, match=fault):
        load(kind, table, *(body(*ends) for ends in bodies))


def test_branches_of_one_size_say_what_comes_out() -> None:
    graph = load("IF", IF, constant(8), constant(8), open_=True)
    assert graph.subgraphs[0].tensors[2].shape == (8,)


def test_branches_of_two_sizes_leave_it_open_and_what_is_bound_must_hold_both() -> None:
    branches = constant(4), constant(8)
    assert load("IF", IF, *branches, open_=True).subgraphs[0].tensors[2].shape == ("y:0",)
    assert load("IF", IF, *branches, open_=True, y_0=8).subgraphs[0].tensors[2].shape == (8,)
    with pytest.raises(ModelError, match=r"its else gives 'made' \[8\], but 'y' only has \[7\]; .* bind 'y:0' to 8"):
        load("IF", IF, *branches, open_=True, y_0=7)


def test_a_branch_that_gives_more_than_the_file_has_room_for_is_refused() -> None:
    assert load("IF", IF, constant(4), constant(3)).subgraphs[0].tensors[2].shape == (4,)
    with pytest.raises(ModelError, match=r"IF 'y': its else gives 'made' \[5\], but 'y' only has \[4\]"):
        load("IF", IF, constant(4), constant(5))


def test_a_branch_that_gives_another_type_is_refused() -> None:
    with pytest.raises(ModelError, match="its else gives 'made' of type int64, but 'y' is float32"):
        load("IF", IF, constant(4), constant(4, "INT64"))


def test_bodies_get_the_shapes_of_their_caller() -> None:
    """A file may have placeholders there. The larger size is planned: only LiteRT resizes tensors."""
    graph = load("IF", IF, body(1, 1), body(1, 1, size=8))
    assert [graph.subgraphs[s].tensors[0].shape for s in (1, 2)] == [(4,), (8,)]
    (warning,) = graph.warnings
    assert warning.startswith("the file has another size for 1 tensor than operators make; the larger one is planned: ")
    assert warning.endswith("'t0' is [8] in the file, [4] by IF")


def test_a_body_that_is_called_with_two_sizes_is_refused() -> None:
    tensors = [Tensor("c", [1], "BOOL"), Tensor("x", [4]), Tensor("z", [6]), Tensor("y", [4]), Tensor("w", [6])]
    both = options("IfOptions", then_subgraph_index=1, else_subgraph_index=1)
    calls = [Operator("IF", [0, 1], [3], both), Operator("IF", [0, 2], [4], both)]
    main = Subgraph(tensors, calls, [0, 1, 2], [3, 4])
    with pytest.raises(ModelError, match=r"subgraph 1 'main' is run with 't0' as \[4\] and as \[6\]"):
        tflite.load(write_model([main, body(1, 1)]), {})


@pytest.mark.parametrize("declared", [[2, 4], [1, 4]])
def test_a_state_that_grows_is_refused_whatever_the_file_says(declared: list[int]) -> None:
    data = loop(Tensor("s", [1, 4]), Tensor("k", [1, 4], data=bytes(16)), Tensor("n", declared), operators=GROWING)
    with pytest.raises(ModelError, match=r"WHILE 's': its body takes 's' \[1, 4\] and gives 'n' \[2, 4\] for it; the"):
        tflite.load(data, {})


def test_a_state_that_comes_back_in_another_form_is_refused() -> None:
    """In the second round, all that follows in the body has other shapes."""
    turned = [Operator("RESHAPE", [0, 1], [2])]
    data = loop(
        Tensor("s", [1, 4]), Tensor("n", [2], "INT32", data=b"\4\0\0\0\1\0\0\0"), Tensor("t", [4, 1]), operators=turned
    )
    with pytest.raises(ModelError, match=r"takes 's' \[1, 4\] and gives 't' \[4, 1\] for it"):
        tflite.load(data, {})


def test_a_state_that_comes_back_as_another_type_is_refused() -> None:
    data = loop(Tensor("s", [1, 4]), Tensor("n", [1, 4], "INT32"), operators=[Operator("CAST", [0], [1])])
    with pytest.raises(ModelError, match="takes 's' and gives 'n' for it: the types are float32, int32"):
        tflite.load(data, {})


def test_a_state_with_an_open_batch_keeps_it() -> None:
    def wide(name: str) -> Tensor:
        return Tensor(name, [1, 4], shape_signature=[-1, 4])

    data = loop(wide("s"), wide("n"), operators=[Operator("NEG", [0], [1])], file_state=wide("y"))
    assert tflite.load(data, {}).symbols == ("x:0",)
    graph = tflite.load(data, {"x:0": 3})
    assert [t.shape for s in graph.subgraphs for t in s.tensors if t.kind is TensorKind.ACTIVATION] == [(3, 4)] * 5


def test_an_old_writer_that_marks_no_ranks_may_count_rounds() -> None:
    one = Tensor("one", [], "INT32", data=bytes(4))
    start = Tensor("i0", [], "INT32", data=bytes(4))
    step = Subgraph([Tensor("i", [], "INT32"), one, Tensor("j", [], "INT32")], [Operator("ADD", [0, 1], [2])], [0], [2])
    less = Subgraph([Tensor("i", [], "INT32"), one, Tensor("l", [], "BOOL")], [Operator("LESS", [0, 1], [2])], [0], [2])
    main = Subgraph([start, Tensor("y", [], "INT32")], [Operator("WHILE", [0], [1], WHILE)], [], [1])
    graph = tflite.load(write_model([main, less, step]), {})
    assert all(tensor.shape == () for subgraph in graph.subgraphs for tensor in subgraph.tensors)
