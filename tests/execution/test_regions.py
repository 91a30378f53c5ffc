"""The flat schedule as a tree: bodies below their callers, and the last user of each tensor."""

from support.graphs import Sketch, graph_of

from tmpass.api.plan import plan
from tmpass.execution.regions import find_regions
from tmpass.graph.model import Call, TensorKind
from tmpass.loading.load import Model
from tmpass.plans.model_info import ModelInfo


def regions(graph, **options):
    rows = plan(Model(ModelInfo("test", "test", "0" * 64), graph)).schedule
    return find_regions(graph, rows, keep_inputs=options.get("keep_inputs", False))


def test_bodies_hang_below_the_step_that_calls_them():
    then, other = Sketch("then"), Sketch("other")
    then.outputs = [then.op([], 4)]
    other.outputs = [other.op([other.op([], 4)], 4)]
    main = Sketch()
    x = main.input(4)
    y = main.op([x], 4, calls=(Call(1, "then"), Call(2, "else")))
    main.outputs = [main.op([y], 4)]
    (region,) = regions(graph_of(main, then, other))
    assert [step.at for step in region.steps] == [0, 4]
    assert [[s.at for s in body.steps] for body in region.steps[0].bodies] == [[1], [2, 3]]


def test_the_last_reader_ends_a_tensor_but_no_output_capture_or_kept_input():
    body = Sketch("body")
    w = body.tensor(4, TensorKind.CAPTURE, captures=0)
    body.outputs = [body.op([w], 4)]
    main = Sketch()
    x = main.input(4)
    a = main.op([x], 4)
    b, unread = main.op([x, a], 4, 4), 3
    main.outputs = [b, main.op([x, b], 4, calls=(Call(1, "body"),))]
    graph = graph_of(main, body)
    (region,) = regions(graph)
    assert [step.last_of for step in region.steps] == [(), ((0, a), (0, unread)), ((0, x),)]
    assert region.steps[2].bodies[0].steps[0].last_of == ()
    assert regions(graph, keep_inputs=True)[0].steps[2].last_of == ()
