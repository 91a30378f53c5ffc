"""A result of another size than planned: a violation where sizes alone decide, a note where drawn values do."""

from dataclasses import replace

import pytest
from execution.test_run import execute, planned
from support.graphs import Sketch, graph_of
from support.toy_runner import ReferencedRunner

from tmpass.base.errors import UsageError
from tmpass.execution.run import execute_plan
from tmpass.graph.model import Call


class Sizes(ReferencedRunner):
    """Operator "ODD" gives `size` bytes, which follow from sizes alone where `follows`; "SIZE" reads sizes."""

    def __init__(self, graph, size, *, follows):
        super().__init__(graph)
        self.size, self.follows, self.asked = size, follows, []

    def run(self, subgraph, op, inputs):
        results = yield from super().run(subgraph, op, inputs)
        read = sum(len(value.data) for value in inputs if value is not None)
        if self.graph.subgraphs[subgraph].ops[op].kind == "ODD":
            return (replace(results[0], data=b"o" * self.size),)
        if self.graph.subgraphs[subgraph].ops[op].kind == "SAME":  # as large as what it reads
            return (replace(results[0], data=b"s" * read),)
        return results

    def reads_sizes(self, subgraph, op):
        return self.graph.subgraphs[subgraph].ops[op].kind == "SIZE"

    def size_follows(self, *operator):
        self.asked.append(tuple(operator[-1]))
        return self.follows


def line(*kinds):
    main = Sketch()
    t = main.input(8)
    for kind in kinds:
        t = main.op([t], 8, kind=kind)
    main.outputs = [t]
    return graph_of(main)


def run(graph, size, *, follows, inputs=None):
    return execute_plan(planned(graph), graph, Sizes(graph, size, follows=follows), inputs=inputs)


def test_more_than_planned_where_drawn_values_decide_is_a_note():
    done = run(line("ODD"), 12, follows=False)
    assert done.violations == ()
    assert done.notes == ("tensor 1 't1' has 12 bytes, 8 in the plan: values decide, and some were drawn (ODD 'op0')",)


def test_more_than_planned_where_sizes_decide_is_a_violation():
    done = run(line("ODD"), 12, follows=True)
    assert [violation.kind for violation in done.violations] == ["size"]


def test_more_than_planned_on_given_values_is_a_violation():
    done = run(line("ODD"), 12, follows=False, inputs={"t0": b"12345678"})
    assert [violation.kind for violation in done.violations] == ["size"]
    assert (done.given, done.drawn, done.seeds) == (("t0",), (), (0,))


def test_more_than_planned_that_follows_from_sizes_of_drawn_values_is_a_violation():
    done = run(line("SIZE", "ODD"), 12, follows=False)
    assert [violation.kind for violation in done.violations] == ["size"]


def test_a_size_that_follows_from_an_odd_one_is_excused_and_told_once():
    done = run(line("ODD", "SAME", "SAME"), 12, follows=False)
    assert (done.violations, len(done.notes)) == ((), 1)
    assert run(line("ODD", "SIZE", "SAME"), 12, follows=False).violations == ()


def test_a_fault_is_told_at_the_operator_that_makes_it_and_not_behind():
    done = run(line("ODD", "SAME", "SAME"), 12, follows=True)
    assert [violation.first for violation in done.violations] == ["tensor 1 't1'"]


@pytest.mark.parametrize("follows", [False, True])
def test_less_than_planned_is_a_note(follows):
    done = run(line("ODD", "SAME"), 5, follows=follows)
    why = "the plan may have more" if follows else "values decide, and some were drawn"
    assert done.violations == ()
    assert done.notes == (f"tensor 1 't1' has 5 bytes, 8 in the plan: {why} (ODD 'op0')",)


def test_a_plan_that_has_less_than_the_graph_is_wrong_whoever_decides():
    graph = line("OP", "OP")
    made = planned(graph)
    short = replace(made, tensors=tuple(replace(t, bytes=5) if t.index == 1 else t for t in made.tensors))
    assert [v.kind for v in execute_plan(short, graph, Sizes(graph, 8, follows=False)).violations] == ["size"]


def test_known_are_inputs_that_no_drawn_value_decides():
    main = Sketch()
    x, y = main.input(8), main.input(8)
    size = main.op([x], 8, kind="SIZE")
    main.outputs = [main.op([x, y, size], 8, kind="ODD")]
    graph = graph_of(main)
    runner = Sizes(graph, 12, follows=False)
    execute_plan(planned(graph), graph, runner, inputs={"t1": b"12345678"})
    assert runner.asked == [(False, True, True)]


def test_state_that_grows_in_a_loop_is_a_violation_at_the_second_round():
    body = Sketch("body")
    body.outputs = [body.op([body.input(8)], 12, kind="GROWS")]
    main = Sketch()
    main.outputs = [main.op([main.input(8)], 12, kind="LOOP", calls=(Call(1, "body", repeats=True),))]
    graph = graph_of(main, body)

    class Grows(Sizes):
        def run(self, subgraph, op, inputs):
            if subgraph == 1:
                return super().run(subgraph, op, inputs)
            return self._loop(inputs)

        def _loop(self, inputs):
            from tmpass.loading.runner import Enter

            first = yield Enter(0, (inputs[0],))
            second = yield Enter(0, first)
            return second

    done = execute_plan(planned(graph), graph, Grows(graph, 12, follows=True))
    found = [v for v in done.violations if v.kind == "size"]
    assert [v.message for v in found] == ["step 0 (LOOP 'op0') gives tensor 0 't0' of subgraph 1 12 bytes, the plan 8"]


def test_inputs_by_names_that_the_model_does_not_have():
    graph = line("OP")
    with pytest.raises(UsageError, match=r"^the model has no input 'y'; its inputs are 't0'$"):
        execute_plan(planned(graph), graph, Sizes(graph, 8, follows=True), inputs={"y": b""})


def test_what_was_compared_is_counted():
    graph = line("OP", "OP")
    done = execute(planned(graph), graph)
    # The input when it came, each operator's input, the output.
    assert (done.compared, done.outputs, done.output_bytes, done.drawn) == (8 + 8 + 8 + 8, 1, 8, ("t0",))
