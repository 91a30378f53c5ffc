"""Pieces of a whole: where they are, and when they are not shared."""

from dataclasses import replace

import pytest
from support.graphs import Sketch, graph_of

from tmpass.base.dtypes import INT4, UINT8
from tmpass.graph.model import ABSENT, Call, TensorKind
from tmpass.planning.sharing.aliases import find_aliases, permitted
from tmpass.planning.sharing.moves import unused_moves
from tmpass.targets import EVERY, Sharing

PARTS = Sharing(views=(EVERY,), parts=(EVERY,))


def places(graph, sharing=PARTS, **more):
    """Tensor of the first subgraph -> (root, position), for those that share."""
    found = find_aliases(graph, sharing, **more)
    shared = {root for key, root in found.root.items() if key != root}
    return {
        t: (root[1], found.position.get((s, t), 0)) for (s, t), root in found.root.items() if root in shared and s == 0
    }


def test_the_parts_of_a_concat_are_where_they_are_in_the_whole():
    sketch = Sketch()
    a, b = sketch.op([], 4), sketch.op([], 8)
    whole = sketch.concat(a, b)
    graph = graph_of(sketch)
    assert places(graph) == {a: (whole, 0), b: (whole, 4), whole: (whole, 0)}
    assert find_aliases(graph, PARTS).reason == {
        (0, a): "CONCAT finds it at byte 0 of 't2'",
        (0, b): "CONCAT finds it at byte 4 of 't2'",
    }


def test_the_parts_of_a_split_stay_where_they_are():
    sketch = Sketch()
    whole = sketch.op([], 12)
    a = sketch.split(whole, 5, 7)
    assert places(graph_of(sketch)) == {whole: (whole, 0), a: (whole, 0), a + 1: (whole, 5)}
    assert find_aliases(graph_of(sketch), PARTS).reason[0, a + 1] == "SPLIT leaves it at byte 5 of 't0'"


def test_a_slice_begins_inside():
    sketch = Sketch()
    whole = sketch.op([], (1, 6, 2))
    part = sketch.slice(whole, 2, 3, axis=1)
    assert places(graph_of(sketch)) == {whole: (whole, 0), part: (whole, 4)}


def test_packing_and_unpacking_add_and_remove_an_axis():
    sketch = Sketch()
    a, b = sketch.op([], (2, 3)), sketch.op([], (2, 3))
    whole = sketch.pack(a, b)
    row = sketch.unpack(sketch.op([], (2, 5)))
    found = places(graph_of(sketch))
    assert found[b] == (whole, 6)
    assert found[row + 1] == (row - 1, 5)


def test_pieces_lie_in_pieces_of_pieces():
    sketch = Sketch()
    a, b, c = (sketch.op([], 4) for _ in range(3))
    inner = sketch.concat(a, b)
    outer = sketch.concat(c, sketch.view(inner))
    found = places(graph_of(sketch))
    assert {t: at for t, (_, at) in found.items()} == {a: 4, b: 8, c: 0, inner: 4, inner + 1: 4, outer: 0}


@pytest.mark.parametrize("shape", [(2, 4), (3, 1, 4)])
def test_pieces_along_an_inner_axis_are_in_several_places(shape):
    sketch = Sketch()
    a, b = sketch.op([], shape), sketch.op([], shape)
    sketch.concat(a, b, axis=len(shape) - 1)
    assert places(graph_of(sketch)) == {}


def test_axes_of_one_index_before_it_do_not_matter():
    sketch = Sketch()
    a, b = sketch.op([], (1, 1, 4)), sketch.op([], (1, 1, 4))
    sketch.concat(a, b, axis=2)
    assert places(graph_of(sketch))[b][1] == 4


def test_half_bytes_are_not_cut():
    sketch = Sketch()
    a, b = sketch.op([], 3), sketch.op([], 3)
    sketch.concat(a, b)
    sketch.tensors = [replace(tensor, dtype=INT4) for tensor in sketch.tensors]
    assert places(graph_of(sketch)) == {}


def test_sizes_that_do_not_add_up_tie_nothing():
    sketch = Sketch()
    a, b = sketch.op([], 4), sketch.op([], 4)
    whole = sketch.concat(a, b)
    sketch.tensors[whole] = replace(sketch.tensors[whole], shape=(9,))
    assert places(graph_of(sketch)) == {}


def test_a_tensor_is_a_piece_of_one_whole_only():
    sketch = Sketch()
    a, b, c = (sketch.op([], 4) for _ in range(3))
    first, second = sketch.concat(a, b), sketch.concat(a, c)
    assert places(graph_of(sketch)) == {
        a: (first, 0),
        b: (first, 4),
        first: (first, 0),
        c: (second, 4),
        second: (second, 0),
    }


def test_a_tensor_joined_to_itself_is_there_once():
    sketch = Sketch()
    a = sketch.op([], 4)
    whole = sketch.concat(a, a)
    assert places(graph_of(sketch)) == {a: (whole, 0), whole: (whole, 0)}
    assert find_aliases(graph_of(sketch), PARTS).reason[0, a] == "CONCAT finds it at byte 0 of 't1'"


def test_a_piece_of_one_tensor_is_not_also_one_of_another():
    sketch = Sketch()
    whole = sketch.op([], 8)
    a = sketch.split(whole, 4, 4)
    again = sketch.concat(a + 1, a)
    assert again not in places(graph_of(sketch))


def test_positions_keep_the_alignment():
    sketch = Sketch()
    parts = [sketch.op([], size) for size in (16, 8, 8)]
    sketch.concat(*parts)
    assert set(places(graph_of(sketch), alignment=16)) == {parts[0], parts[1], parts[2] + 1}


def test_constants_and_variables_are_copied_and_the_others_are_not():
    sketch = Sketch()
    a, weights, state = sketch.op([], 4), sketch.tensor(4, TensorKind.CONSTANT), sketch.tensor(4, TensorKind.VARIABLE)
    whole = sketch.concat(weights, state, a)
    assert places(graph_of(sketch)) == {a: (whole, 8), whole: (whole, 0)}


def test_an_absent_part_leaves_the_places_open():
    sketch = Sketch()
    whole = sketch.op([], 8)
    sketch.split(whole, 4, 4)
    sketch.ops[-1] = replace(sketch.ops[-1], outputs=(ABSENT, 2))
    assert places(graph_of(sketch)) == {}


def test_inputs_and_outputs_share_nothing_unless_asked():
    sketch = Sketch()
    x = sketch.input(4)
    y = sketch.op([], 4)
    sketch.outputs = [sketch.concat(x, y)]
    sketch.view(x)
    graph = graph_of(sketch)
    assert places(graph) == {}
    assert len(places(graph, share_io=True)) == 4


def test_a_piece_of_what_is_outside_stays_inside():
    sketch = Sketch()
    x, y = sketch.input(4), sketch.op([], 4)
    sketch.concat(x, y)
    assert x not in places(graph_of(sketch), share_io=True, external=frozenset({(0, x)}))


def test_what_goes_round_a_loop_is_not_joined_as_pieces_either():
    main, body = Sketch(), Sketch("body")
    body.outputs = [body.split(body.input(8), 4, 4)]
    main.op([main.input(8)], 8, calls=(Call(1, "body", repeats=True),))
    found = find_aliases(graph_of(main, body), PARTS)
    assert found.of((1, 0)) != found.of((1, 1))
    assert found.of((1, 0)) == found.of((1, 2))


def test_only_listed_operators_share():
    sketch = Sketch()
    a, b = sketch.op([], 4), sketch.op([], 4)
    sketch.concat(a, b)
    sketch.split(sketch.op([], 8), 4, 4)
    sketch.view(sketch.op([], 4))
    graph = graph_of(sketch)
    for sharing, count in ((Sharing((), (), ()), 0), (Sharing(), 2), (Sharing((), (), ("SPLIT",)), 3), (PARTS, 8)):
        assert len(places(graph, sharing)) == count


def test_what_options_leave_of_what_a_target_allows():
    every = Sharing((EVERY,), ("ADD",), ("CONCAT",))
    assert permitted(every, "auto", inplace=True) == every
    assert permitted(every, "auto", inplace=False) == replace(every, in_place=())
    assert permitted(every, "views", inplace=True) == Sharing((EVERY,))
    assert permitted(every, "none", inplace=True) == Sharing(())


def test_many_pieces_take_no_quadratic_time():
    sketch = Sketch()
    parts = [sketch.op([], 1) for _ in range(20_000)]
    sketch.concat(*parts)
    assert len(places(graph_of(sketch))) == 20_001
    assert sketch.tensors[0].dtype == UINT8


def test_kinds_that_never_are_views_or_parts_are_named():
    sketch = Sketch()
    whole = sketch.concat(sketch.op([], 4, kind="CONV"), sketch.op([], 8, kind="CONV"))
    sketch.outputs = [sketch.op([whole], 12, kind="RELU")]
    graph = graph_of(sketch)
    listed = Sharing(views=("RELU", "RESHAPE"), parts=("CONCAT", "CONV"))
    assert list(unused_moves(graph, listed)) == [
        "views: RELU is listed in [sharing] and not used: 'op3' does not only give the same bytes another shape",
        "parts: CONV is listed in [sharing] and not used: 'op0' is not a join or a cut along an axis",
    ]
    assert list(unused_moves(graph, PARTS)) == []
    assert list(unused_moves(graph, Sharing(views=(), parts=("CONCAT", "SPLIT")))) == []
