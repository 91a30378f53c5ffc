"""Execution of plans of any graph: a right plan loses no byte, and each kind of wrong plan is found."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.graphs import Sketch, chain, graph_of, graphs
from support.toy_runner import ReferencedRunner

from tmpass.api.plan import plan
from tmpass.base.errors import BudgetError
from tmpass.execution.run import execute_plan
from tmpass.graph.model import Call, TensorKind
from tmpass.loading.load import Model
from tmpass.plans.model_info import ModelInfo
from tmpass.targets import EVERY, Memory, Sharing, Target

MEMORY = Memory("scratchpad", None, 1, ("activations", "variables", "inputs_outputs"))
ALL = Target("all", "allows every sharing", "", (MEMORY,), Sharing((EVERY,), (EVERY,), (EVERY,)))


def planned(graph, **options):
    return plan(Model(ModelInfo("test", "test", "0" * 64), graph), ALL, **options)


def execute(made, graph):
    return execute_plan(made, graph, ReferencedRunner(graph))


def moved(made, tensor, offset, *, subgraph=0):
    """`made` with the buffer of one tensor at another offset."""
    number = next(t.buffer for t in made.tensors if (t.subgraph, t.index) == (subgraph, tensor))
    buffers = tuple(replace(b, offset=offset) if b.id == number else b for b in made.buffers)
    tensors = tuple(replace(t, offset=offset) if t.buffer == number else t for t in made.tensors)
    return replace(made, buffers=buffers, tensors=tensors)


def offset(made, tensor, subgraph=0):
    return next(t.offset for t in made.tensors if (t.subgraph, t.index) == (subgraph, tensor))


def kinds(made, graph):
    return {violation.kind for violation in execute(made, graph).violations}


@settings(max_examples=100, deadline=None)
@given(
    graphs(),
    st.booleans(),
    st.sampled_from(["arena", "external"]),
    st.sampled_from(["auto", "auto", "views", "none"]),
    st.booleans(),
)
def test_a_verified_plan_loses_nothing(graph, keep_inputs, io, share, share_io):
    done = execute(planned(graph, keep_inputs=keep_inputs, io=io, share=share, share_io=share_io), graph)
    assert (done.violations, done.unreached, done.notes) == ((), (), ())


def test_steps_are_counted_as_often_as_they_run():
    body = Sketch("body")
    body.outputs = [body.op([body.input(4)], 4)]
    main = Sketch()
    main.outputs = [main.op([main.input(4)], 4, calls=(Call(1, "body", repeats=True),))]
    graph = graph_of(main, body)
    assert execute(planned(graph), graph).steps == 1 + 3


def test_a_wrong_offset_names_both_tensors_the_step_and_the_bytes():
    main = Sketch()
    x = main.input(8)
    a = main.op([x], 8, kind="A")
    b = main.op([x], 8, kind="B")
    main.outputs = [main.op([a, b], 8, kind="C")]
    graph = graph_of(main)
    made = replaced_peak(planned(graph), 200)
    for tensor, at in ((x, 100), (a, 10), (b, 12), (main.outputs[0], 150)):
        made = moved(made, tensor, at)
    (found,) = execute(made, graph).violations
    assert found.message == (
        "step 2 (C 'op2') reads tensor 1 't1', but bytes 12..17 of scratchpad were overwritten "
        "with tensor 2 't2' by step 1 (B 'op1')"
    )
    assert (found.kind, found.first, found.second, found.step) == ("overwritten", "tensor 1 't1'", "tensor 2 't2'", 2)
    assert (found.low, found.high) == (12, 18)


def test_an_operator_that_writes_over_what_it_reads_is_caught_though_it_has_read_it():
    graph = chain(8, 8, 8)
    made = planned(graph)
    found = execute(moved(made, 1, offset(made, 0)), graph).violations[0]
    assert found.message == (
        "step 0 (OP 'op0') overwrites tensor 0 't0' with tensor 1 't1' in bytes 8..15 of scratchpad, and needs both"
    )


def test_an_elementwise_operator_may_write_over_its_input_exactly():
    main = Sketch()
    x = main.input(8)
    main.outputs = [main.op([x], 8, elementwise=True)]
    graph = graph_of(main)
    made = planned(graph)
    assert kinds(moved(made, 1, offset(made, 0)), graph) == set()
    assert "overwritten" in kinds(moved(replaced_peak(made, 64), 1, offset(made, 0) + 1), graph)


def replaced_peak(made, peak):
    return replace(made, memories=tuple(replace(memory, peak=peak) for memory in made.memories))


def test_a_claim_to_compute_element_by_element_is_tried():
    class Sum(ReferencedRunner):
        def _element_by_element(self, *operator):
            *_, inputs = operator
            return replace(inputs[0], data=bytes([sum(inputs[0].data) % 256]) * 8)

    main = Sketch()
    x = main.input(8)
    main.outputs = [main.op([x], 8, elementwise=True)]
    graph = graph_of(main)
    made = planned(graph)
    assert execute_plan(made, graph, Sum(graph)).violations == ()
    (found,) = execute_plan(moved(made, 1, offset(made, x)), graph, Sum(graph)).violations
    assert (found.kind, found.message) == (
        "in place",
        "step 0 (OP 'op0') writes tensor 1 't1' over tensor 0 't0', but does not compute it element by element",
    )


def test_an_elementwise_operator_may_not_write_over_what_it_repeats():
    main = Sketch()
    x, row = main.input((2, 4)), main.input((1, 8))
    main.outputs = [main.op([x, row], (2, 4), elementwise=True)]
    graph = graph_of(main)
    made = planned(graph)
    assert kinds(moved(made, 2, offset(made, x)), graph) == set()
    assert "overwritten" in kinds(moved(made, 2, offset(made, row)), graph)


def test_inputs_over_each_other_are_caught_before_anything_runs():
    main = Sketch()
    x, y = main.input(8), main.input(8)
    main.outputs = [main.op([x, y], 8)]
    graph = graph_of(main)
    made = planned(graph)
    found = execute(moved(made, y, offset(made, x)), graph).violations
    assert found[0].message.startswith("the caller of the model overwrites tensor 0 't0' with tensor 1")


def test_temporaries_overwrite_as_results_do():
    main = Sketch()
    x = main.input(8)
    scratch = main.tensor(8)
    main.outputs = [main.op([x], 8, temporaries=(scratch,)), x]
    graph = graph_of(main)
    made = planned(graph)
    assert "overwritten" in kinds(moved(made, scratch, offset(made, x)), graph)


def test_a_kept_input_is_looked_at_in_the_end():
    graph = chain(8, 8, 8)
    made = planned(graph, keep_inputs=True)
    assert kinds(made, graph) == set()
    assert "overwritten" in kinds(moved(made, 2, offset(made, 0)), graph)


def test_an_operator_before_the_one_that_it_needs():
    graph = chain(8, 8, 8)
    made = planned(graph)
    first, second = made.schedule
    wrong = replace(made, schedule=(replace(second, step=0), replace(first, step=1)))
    (found,) = execute(wrong, graph).violations
    assert found.message == "step 0 (OP 'op1') reads tensor 1 't1', which nothing has written"


@pytest.mark.parametrize("rows", [lambda r: r[:1], lambda r: (*r, r[0]), lambda r: (r[0], r[0])])
def test_a_schedule_that_is_no_run(rows):
    graph = chain(8, 8, 8)
    made = planned(graph)
    assert kinds(replace(made, schedule=rows(made.schedule)), graph) == {"schedule"}


def test_a_shortened_tensor():
    graph = chain(8, 8, 8)
    made = planned(graph)
    tensors = tuple(replace(t, bytes=5) if t.index == 1 else t for t in made.tensors)
    (found,) = execute(replace(made, tensors=tensors), graph).violations
    assert found.message == "step 0 (OP 'op0') gives tensor 1 't1' 8 bytes, the plan 5"


def test_a_tensor_beyond_the_peak():
    graph = chain(8, 8, 8)
    made = planned(graph)
    (found,) = execute(moved(made, 2, 12), graph).violations
    assert found.message == "tensor 2 't2' is at bytes 12..19 of scratchpad, which has 16"


def test_a_buffer_in_no_memory():
    graph = chain(8, 8)
    made = planned(graph)
    buffers = tuple(replace(b, memory="none") for b in made.buffers)
    assert kinds(replace(made, buffers=buffers), graph) == {"offset"}


def test_memories_that_no_machine_holds_are_refused():
    graph = chain(8, 8)
    made = planned(graph)
    with pytest.raises(BudgetError, match=r"memories of the plan take .* raise --execute-bytes"):
        execute(replaced_peak(made, 2**60), graph)


def loop():
    """A loop whose body swaps two values, captures `w`, and runs beside `beside`."""
    body = Sketch("body")
    a, b = body.input(8), body.input(8)
    w = body.tensor(8, TensorKind.CAPTURE, captures=2)
    body.outputs = [body.op([b, w], 8), body.op([a], 8)]
    main = Sketch()
    x, y, w, beside = (main.input(8) for _ in range(4))
    made = main.op([x, y, w], 8, kind="LOOP", calls=(Call(1, "body", repeats=True),))
    main.outputs = [made, beside]
    return graph_of(main, body)


@pytest.mark.parametrize(
    ("moving", "onto"),
    [
        ((1, 4), (0, 2)),  # what a body makes, over what it captures
        ((1, 4), (0, 3)),  # over what only the caller needs, later
        ((1, 4), (0, 4)),  # over what the loop collects
        ((1, 4), (0, 0)),  # over what the loop was given, which stays until it ends
        ((1, 3), (1, 4)),  # one result of the body over the other
        ((1, 0), (1, 1)),  # one input of the body over the other
        ((1, 0), (1, 4)),  # an input over an output that is still to be copied to the other
    ],
)
def test_in_a_loop_every_wrong_offset_is_caught(moving, onto):
    graph = loop()
    made = planned(graph)
    wrong = moved(made, moving[1], offset(made, onto[1], onto[0]), subgraph=moving[0])
    assert "overwritten" in kinds(wrong, graph)


def test_a_capture_apart_from_what_it_captures():
    graph = loop()
    made = replaced_peak(planned(graph), 1000)
    tensors = tuple(replace(t, offset=900) if (t.subgraph, t.index) == (1, 2) else t for t in made.tensors)
    found = execute(replace(made, tensors=tensors), graph).violations[0]
    assert found.message.endswith("but bytes 900..907 of scratchpad never got its value")


def test_at_most_a_hundred_violations_are_listed():
    graph = chain(*[8] * 300)
    made = planned(graph)
    for t in range(300):
        made = moved(made, t, 0)
    assert len(execute(made, graph).violations) == 100


def test_results_that_differ_without_a_lost_byte():
    class Wrong(ReferencedRunner):
        def reference(self, subgraph, inputs):
            return tuple(replace(value, data=b"!" * 8) for value in super().reference(subgraph, inputs))

    graph = chain(8, 8)
    (found,) = execute_plan(planned(graph), graph, Wrong(graph)).violations
    assert (found.kind, found.message) == ("result", "output 't1' differs from that of the toy: other bytes")


def test_steps_that_no_run_takes_are_listed():
    class Idle(ReferencedRunner):
        def run(self, subgraph, op, inputs):
            calls = self.graph.subgraphs[subgraph].ops[op].calls
            return super().run(subgraph, op, inputs) if not calls else self._skip(subgraph, op)

        def _skip(self, subgraph, op):
            return tuple(self._fill((subgraph, t)) for t in self.graph.subgraphs[subgraph].ops[op].outputs)
            yield

    graph = loop()
    done = execute_plan(planned(graph), graph, Idle(graph))
    assert (done.violations, done.unreached, done.steps) == ((), (1, 2), 4)
