import pytest
from support.graphs import Sketch, chain

from tmpass.base.errors import ModelError
from tmpass.graph.dependencies import dependencies
from tmpass.graph.model import Op
from tmpass.planning.ordering.file_order import file_order


def crossed() -> Sketch:
    """op0 reads what only op1 writes."""
    sketch = Sketch()
    x = sketch.input(1)
    late, end = sketch.tensor(1), sketch.tensor(1)
    sketch.ops = [Op("SECOND", "", (late,), (end,)), Op("FIRST", "a", (x,), (late,))]
    return sketch


def test_the_order_of_the_file_is_kept():
    assert file_order(chain(1, 2, 3, 4).subgraphs[0]) == (0, 1, 2)


def test_dependencies_are_a_graph_from_writers_to_readers():
    graph = dependencies(chain(1, 2, 3).subgraphs[0])
    assert list(graph.edges(data="tensor")) == [(0, 1, 1)]


def test_an_operator_before_the_one_it_reads_from_is_an_error_that_names_both():
    with pytest.raises(ModelError) as error:
        file_order(crossed().done())
    assert "operator 0 (SECOND) reads tensor 1 't1', which only operator 1 (FIRST 'a') writes" in str(error.value)
    assert "sort the operators" in error.value.hint


def test_a_cycle_is_an_error_that_says_that_no_order_exists():
    sketch = crossed()
    sketch.ops[1] = Op("FIRST", "a", (2,), (1,))
    with pytest.raises(ModelError) as error:
        file_order(sketch.done())
    assert "operators 0 -> 1 -> 0 wait for each other" in error.value.hint


def test_two_writers_of_one_tensor_are_an_error():
    sketch = Sketch()
    t = sketch.op([], 1)
    sketch.ops.append(Op("AGAIN", "", (), (t,)))
    with pytest.raises(ModelError, match=r"operator 0 .* and operator 1 .* both write it"):
        file_order(sketch.done())
