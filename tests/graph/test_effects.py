"""Operators that keep the order of the file though no tensor connects them."""

from support.graphs import Sketch, graph_of

from tmpass.base.dtypes import RESOURCE
from tmpass.graph.effects import effect_edges, innermost_first
from tmpass.graph.model import Call, Op, TensorKind


def test_accesses_of_one_variable_stay_in_turn():
    main = Sketch()
    state = main.tensor(4, TensorKind.VARIABLE)
    other = main.tensor(4, TensorKind.VARIABLE)
    main.op([state], 1)
    main.op([other], 1)
    main.ops.append(Op("ASSIGN", "assign", (), (state,)))
    main.op([state, other], 1)
    assert set(effect_edges(graph_of(main))[0]) == {(0, 2), (1, 3), (2, 3)}


def test_handles_may_all_name_one_resource():
    main = Sketch()
    handles = [main.tensor(1, dtype=RESOURCE) for _ in range(2)]
    main.op([handles[0]], 1)
    main.op([handles[1]], 1)
    assert effect_edges(graph_of(main)) == (((0, 1),),)


def test_an_operator_may_touch_resources_without_a_handle_of_type_resource():
    main = Sketch()
    for _ in range(2):
        main.op([main.tensor(4)], 1, kind="READ_VARIABLE", resource=True)
    assert effect_edges(graph_of(main)) == (((0, 1),),)


def test_draws_from_the_generator_stay_in_turn():
    main = Sketch()
    for _ in range(3):
        main.op([], 4, random=True)
    assert effect_edges(graph_of(main)) == (((0, 1), (1, 2)),)


def test_an_operator_touches_what_its_bodies_touch():
    inner = Sketch("inner")
    inner.op([], 4, random=True)
    main = Sketch()
    main.op([], 4, random=True)
    main.op([], 1, calls=(Call(1, "body"),))
    assert effect_edges(graph_of(main, inner)) == (((0, 1),), ())
    assert innermost_first(graph_of(main, inner)) == [1, 0]


def test_a_custom_operator_may_write_what_it_reads():
    main = Sketch()
    x = main.input(4)
    main.op([x], 1)
    main.op([x], 1)
    main.op([x], 1, custom=True)
    main.op([x], 1)
    assert set(effect_edges(graph_of(main))[0]) == {(0, 2), (1, 2), (2, 3)}


def test_a_caller_may_write_what_a_custom_operator_in_its_body_reads():
    body = Sketch("body")
    body.op([body.tensor(4, TensorKind.CAPTURE, captures=0)], 1, custom=True)
    main = Sketch()
    x = main.input(4)
    main.op([x], 1)
    main.op([x], 1, calls=(Call(1, "then"),))
    main.op([x], 1)
    assert set(effect_edges(graph_of(main, body))[0]) == {(0, 1), (1, 2)}


def test_custom_operators_may_know_of_each_other():
    main = Sketch()
    main.op([], 1, custom=True)
    main.op([], 1)
    main.op([], 1, custom=True)
    assert effect_edges(graph_of(main)) == (((0, 2),),)
