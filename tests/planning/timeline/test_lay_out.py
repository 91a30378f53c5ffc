from dataclasses import replace

import pytest
from support.graphs import Sketch, graph_of

from tmpass.base.errors import ModelError
from tmpass.graph.model import Call, Graph
from tmpass.planning.ordering.file_order import file_order
from tmpass.planning.timeline import lay_out as module
from tmpass.planning.timeline.lay_out import schedule
from tmpass.planning.timeline.schedule import Region, Step


def body(ops: int, name: str = "body") -> Sketch:
    sketch = Sketch(name)
    for _ in range(ops):
        sketch.op([], 1)
    return sketch


def test_bodies_run_inside_the_step_of_their_caller():
    main = Sketch()
    main.op([], 1)
    main.op([], 1, calls=(Call(1, "then"), Call(2, "else")))
    main.op([], 1)
    timeline = schedule(graph_of(main, body(2), body(1)), file_order)
    assert timeline.steps == (
        Step(0, 0, 1),
        Step(0, 1, 5),
        Step(1, 0, 3),
        Step(1, 1, 4),
        Step(2, 0, 5),
        Step(0, 2, 6),
    )
    assert timeline.regions == (Region(0, 0, 6), Region(1, 2, 4, 1), Region(2, 4, 5, 1))
    assert timeline.horizon == 6


def test_a_body_without_operators_takes_the_step_of_its_caller():
    main = Sketch()
    main.op([], 1, calls=(Call(1, "then"),))
    assert schedule(graph_of(main, body(0)), file_order).regions[1] == Region(1, 0, 1, 0)


def test_entries_run_one_after_the_other():
    timeline = schedule(graph_of(body(2), body(3), entries=(0, 1)), file_order)
    assert timeline.regions == (Region(0, 0, 2), Region(1, 2, 5))


def test_an_empty_model_has_one_step_for_what_goes_in_and_out():
    timeline = schedule(graph_of(body(0)), file_order)
    assert (timeline.steps, timeline.horizon) == ((), 1)


def test_a_subgraph_that_calls_itself_is_an_error():
    main = Sketch()
    main.op([], 1, calls=(Call(0, "call"),))
    with pytest.raises(ModelError, match="subgraph 0 'main': it calls itself"):
        schedule(graph_of(main), file_order)


def test_a_subgraph_that_calls_itself_is_an_error_also_where_no_entry_leads():
    unused = Sketch("unused")
    unused.op([], 1, calls=(Call(1, "call"),))
    with pytest.raises(ModelError, match="subgraph 1 'unused': it calls itself"):
        schedule(graph_of(body(1), unused), file_order)


def doubling(depth: int, name: str = "op") -> Graph:
    """A body in a body and so on, each called twice: 2^depth - 1 operators, and as many empty bodies and one more."""
    levels = []
    for level in range(depth):
        sketch = Sketch(f"level {level}")
        sketch.op([], 1, calls=(Call(level + 1, "a"), Call(level + 1, "b")))
        sketch.ops[0] = replace(sketch.ops[0], name=name)
        levels.append(sketch)
    return graph_of(*levels, body(0))


@pytest.mark.parametrize("depth", [16, 20, 60, 100])
def test_bodies_that_multiply_without_end_are_an_error(depth):
    with pytest.raises(ModelError, match="more than 50000 steps when its bodies are laid out; let fewer operators"):
        schedule(doubling(depth), file_order)


def test_bodies_that_multiply_within_the_limit_are_laid_out():
    assert len(schedule(doubling(14), file_order).steps) == 2**14 - 1


def test_names_that_multiply_without_end_are_an_error():
    with pytest.raises(ModelError, match="the names of its steps take more than 16000000 letters"):
        schedule(doubling(14, name="n" * 1000), file_order)


def test_a_long_name_that_is_written_once_is_no_error():
    assert schedule(doubling(1, name="n" * 20_000_000), file_order).horizon == 1


def test_bodies_nested_too_deep_are_an_error():
    levels = []
    for depth in range(200):
        sketch = Sketch(f"level {depth}")
        sketch.op([], 1, calls=(Call(depth + 1, "a"),))
        levels.append(sketch)
    with pytest.raises(ModelError, match="nested more than 100 deep"):
        schedule(graph_of(*levels, body(1)), file_order)


def test_empty_bodies_count_as_well(monkeypatch):
    monkeypatch.setattr(module, "MAX_STEPS", 1000)
    main = Sketch()
    for _ in range(40):
        main.op([], 1, calls=tuple(Call(1, f"branch {i}") for i in range(30)))
    with pytest.raises(ModelError, match="more than 1000 steps"):
        schedule(graph_of(main, body(0)), file_order)


def test_a_deep_body_counts_where_it_is_called_from_deep_down():
    """It has been measured at the top already."""
    levels = []
    for depth in range(120):
        sketch = Sketch(f"level {depth}")
        if depth == 0:
            sketch.op([], 1, calls=(Call(60, "a"),))
        sketch.op([], 1, calls=(Call(depth + 1, "b"),))
        levels.append(sketch)
    with pytest.raises(ModelError, match="nested more than 100 deep"):
        schedule(graph_of(*levels, body(1)), file_order)
