from dataclasses import replace

from support.graphs import Sketch, chain, graph_of

from tmpass.base.choices import Role
from tmpass.base.dtypes import RESOURCE
from tmpass.graph.model import Call, TensorKind
from tmpass.planning.liveness import find_roles, find_storage, live_ranges
from tmpass.planning.ordering.file_order import file_order
from tmpass.planning.sharing.aliases import find_aliases
from tmpass.planning.timeline.lay_out import schedule
from tmpass.targets import Sharing


def ranges(graph, keep_inputs=False):
    return live_ranges(graph, schedule(graph, file_order), keep_inputs=keep_inputs)


def storage(graph, *, views=True, external=frozenset()):
    aliases = find_aliases(graph, Sharing() if views else Sharing(views=()), share_io=True, external=external)
    return find_storage(graph, find_roles(graph), aliases, ranges(graph), external=external)


def test_a_tensor_lives_from_its_writer_to_its_last_reader():
    #  input 0 -> op0 -> 1 -> op1 -> 2 -> op2 -> 3
    assert ranges(chain(1, 1, 1, 1)) == {(0, 0): (0, 1), (0, 1): (0, 2), (0, 2): (1, 3), (0, 3): (2, 3)}


def test_inputs_are_kept_to_the_end_on_request():
    assert ranges(chain(1, 1, 1, 1), keep_inputs=True)[0, 0] == (0, 3)


def test_an_input_that_nothing_reads_is_there_at_the_start():
    sketch = Sketch()
    sketch.input(1)
    sketch.op([], 1)
    sketch.op([], 1)
    assert ranges(graph_of(sketch))[0, 0] == (0, 1)


def test_an_output_lives_to_the_last_step():
    sketch = Sketch()
    sketch.outputs = [sketch.op([], 1)]
    sketch.op([], 1)
    assert ranges(graph_of(sketch)) == {(0, 0): (0, 2), (0, 1): (1, 2)}


def test_variables_live_through_the_whole_run_of_all_entries():
    one, two = Sketch(), Sketch()
    state = one.tensor(1, TensorKind.VARIABLE)
    one.op([], 1)
    one.op([state], 1)
    two.op([], 1)
    assert ranges(graph_of(one, two, entries=(0, 1)))[0, state] == (0, 3)


def test_temporaries_live_in_their_step():
    sketch = Sketch()
    work = sketch.tensor(1)
    sketch.op([], 1)
    sketch.op([], 1, temporaries=(work,))
    assert ranges(graph_of(sketch))[0, work] == (1, 2)


def test_a_caller_keeps_its_inputs_and_outputs_through_the_call():
    main, then, other = Sketch(), Sketch("then"), Sketch("else")
    x = main.input(1)
    y = main.op([x], 1, calls=(Call(1, "then"), Call(2, "else")))
    main.outputs = [main.op([y], 1)]
    for branch in (then, other):
        inner = branch.input(1)
        branch.outputs = [branch.op([branch.op([inner], 1)], 1)]
    found = ranges(graph_of(main, then, other))
    assert found[0, x] == (0, 5)
    assert found[0, y] == (0, 6)
    assert {key: span for key, span in found.items() if key[0] == 1} == {
        (1, 0): (1, 2),
        (1, 1): (1, 3),
        (1, 2): (2, 3),
    }
    assert found[2, 2] == (4, 5), "branches are apart in time, so they may share bytes"


def test_what_goes_round_a_loop_lives_through_the_loop():
    main, cond, body = Sketch(), Sketch("cond"), Sketch("body")
    main.op([main.input(1)], 1, calls=(Call(1, "cond", True), Call(2, "body", True)))
    cond.outputs = [cond.op([cond.input(1)], 1)]
    inner = body.op([body.input(1)], 1)
    body.outputs = [body.op([inner], 1)]
    found = ranges(graph_of(main, cond, body))
    assert found[1, 0] == found[1, 1] == found[2, 0] == found[2, 2] == (0, 4)
    assert found[2, inner] == (2, 4)


def test_a_subgraph_that_runs_twice_keeps_its_bytes_from_the_first_run_to_the_last():
    main, body = Sketch(), Sketch("body")
    main.op([], 1, calls=(Call(1, "call"),))
    main.op([], 1)
    main.op([], 1, calls=(Call(1, "call"),))
    body.op([], 1)
    assert ranges(graph_of(main, body))[1, 0] == (1, 5)


def test_two_calls_one_after_the_other_may_share_bytes():
    main, one, two = Sketch(), Sketch("one"), Sketch("two")
    main.op([], 1, calls=(Call(1, "call"),))
    main.op([], 1, calls=(Call(2, "call"),))
    one.op([], 1)
    two.op([], 1)
    found = ranges(graph_of(main, one, two))
    assert found[1, 0] == (1, 2)
    assert found[2, 0] == (3, 4)


def test_tensors_of_one_class_get_one_buffer_from_the_first_to_the_last_step():
    sketch = Sketch()
    x = sketch.op([sketch.input(4)], 8)
    y = sketch.view(x)
    sketch.outputs = [sketch.op([y], 2)]
    found = storage(graph_of(sketch))
    assert found.members == (((0, 0),), ((0, x), (0, y)), ((0, 3),))
    assert [(b.lower, b.upper, b.size) for b in found.buffers] == [(0, 1, 4), (0, 3, 8), (2, 3, 2)]
    assert found.reasons[0, y] == f"RESHAPE keeps the bytes of 't{x}'"


def test_every_tensor_has_a_role():
    sketch = Sketch()
    x = sketch.input(1)
    weights = sketch.tensor(9, TensorKind.CONSTANT)
    state = sketch.tensor(2, TensorKind.VARIABLE)
    handle = sketch.tensor((), dtype=RESOURCE)
    unused = sketch.tensor(3)
    middle = sketch.op([x, weights, state, handle], 1)
    sketch.outputs = [sketch.op([middle], 1)]
    found = storage(graph_of(sketch))
    assert [found.roles[0, t] for t in (x, weights, state, handle, unused, middle, sketch.outputs[0])] == [
        Role.INPUT,
        Role.CONSTANT,
        Role.VARIABLE,
        Role.UNPLANNED,
        Role.UNPLANNED,
        Role.ACTIVATION,
        Role.OUTPUT,
    ]
    assert "resource handle" in found.reasons[0, handle]
    assert found.reasons[0, unused] == "no operator reads or writes it"


def test_what_is_outside_the_arena_takes_its_views_along():
    sketch = Sketch()
    x = sketch.input(4)
    y = sketch.view(x)
    sketch.outputs = [sketch.op([y], 4)]
    found = storage(graph_of(sketch), external=frozenset({(0, x), (0, sketch.outputs[0])}))
    assert found.members == ()
    assert found.reasons[0, y] == "RESHAPE keeps the bytes of 't0'; outside the arena with 't0'"


def test_why_a_tensor_is_unplanned_is_told_in_short():
    sketch = Sketch()
    sketch.input(tuple(f"n{i}" for i in range(60)))
    sketch.input(None)
    graph = replace(graph_of(sketch), causes={(0, 1): "its shape is written elsewhere"})
    reasons = storage(graph).reasons
    assert reasons[0, 0] == "dimension n0, n1, n2, n3, n4, n5, n6, n7 and 52 more is not known"
    assert reasons[0, 1] == "its rank is not known: its shape is written elsewhere"
