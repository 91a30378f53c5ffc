from support.graphs import Sketch, graph_of

from tmpass.graph.model import Call, Move, Moves, Op, TensorKind
from tmpass.planning.sharing.aliases import find_aliases
from tmpass.targets import Sharing

VIEWS, NOTHING = Sharing(), Sharing(views=())


def classes(graph, *, views=True, external=frozenset()):
    found = find_aliases(graph, VIEWS if views else NOTHING, share_io=True, external=external)
    groups = {}
    for key in sorted(found.root):
        groups.setdefault(found.of(key), []).append(key)
    return sorted(group for group in groups.values() if len(group) > 1)


def test_a_view_shares_with_its_source_and_says_why():
    sketch = Sketch()
    y = sketch.view(sketch.input(4))
    graph = graph_of(sketch)
    assert classes(graph) == [[(0, 0), (0, y)]]
    assert find_aliases(graph, Sharing(), share_io=True).reason == {(0, y): "RESHAPE keeps the bytes of 't0'"}


def test_a_chain_of_views_is_one_class():
    sketch = Sketch()
    sketch.view(sketch.view(sketch.view(sketch.input(4))))
    assert classes(graph_of(sketch)) == [[(0, 0), (0, 1), (0, 2), (0, 3)]]


def test_without_views_nothing_is_shared():
    sketch = Sketch()
    sketch.view(sketch.input(4))
    assert classes(graph_of(sketch), views=False) == []


def test_constants_variables_and_other_sizes_are_not_shared():
    sketch = Sketch()
    sketch.view(sketch.tensor(4, TensorKind.CONSTANT))
    sketch.view(sketch.tensor(4, TensorKind.VARIABLE))
    sketch.op([sketch.input(4)], 2, moves=Moves(Move.VIEW))
    assert classes(graph_of(sketch)) == []


def test_a_tensor_that_is_written_again_is_not_shared():
    sketch = Sketch()
    x = sketch.input(4)
    sketch.view(x)
    sketch.ops.append(Op("OVERWRITE", "", (), (x,)))
    assert classes(graph_of(sketch)) == []


def test_a_capture_shares_with_what_it_captures_through_all_levels():
    main, outer, inner = Sketch(), Sketch("outer"), Sketch("inner")
    x = main.input(4)
    main.op([x], 1, calls=(Call(1, "body"),))
    a = outer.tensor(4, TensorKind.CAPTURE, captures=x)
    outer.op([a], 1, calls=(Call(2, "body"),))
    b = inner.tensor(4, TensorKind.CAPTURE, captures=a)
    inner.op([b], 1)
    graph = graph_of(main, outer, inner)
    assert classes(graph, views=False) == [[(0, x), (1, a), (2, b)]]
    assert find_aliases(graph, NOTHING).reason[2, b] == "is 't0' of subgraph 1, captured"


def test_a_loop_body_never_shares_an_output_with_an_input():
    body, main = Sketch("body"), Sketch()
    middle = body.view(body.input(4))
    body.outputs = [body.view(middle)]
    main.op([main.input(4)], 4, calls=(Call(1, "body", repeats=True),))
    assert classes(graph_of(main, body)) == [[(1, 0), (1, middle)]]


def test_two_tensors_outside_the_arena_are_never_one():
    sketch = Sketch()
    x = sketch.input(4)
    sketch.outputs = [sketch.view(x)]
    graph = graph_of(sketch)
    assert classes(graph) == [[(0, 0), (0, 1)]]
    assert classes(graph, external=frozenset({(0, 0), (0, 1)})) == []


def test_a_long_chain_takes_no_quadratic_time():
    sketch = Sketch()
    last = sketch.input(1)
    for _ in range(50_000):
        last = sketch.view(last)
    assert len(classes(graph_of(sketch))[0]) == 50_001


def test_a_view_of_a_captured_variable_is_not_shared():
    main, body = Sketch(), Sketch("body")
    state = main.tensor(4, TensorKind.VARIABLE)
    main.op([state], 1, calls=(Call(1, "body"),))
    inner = body.tensor(4, TensorKind.CAPTURE, captures=state)
    body.view(inner)
    assert classes(graph_of(main, body)) == [[(0, state), (1, inner)]]
