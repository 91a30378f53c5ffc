"""Spills and fetches in the byte arrays: plans with transfers lose nothing, at any capacity."""

from hypothesis import given, settings
from hypothesis import strategies as st
from support.graphs import graphs
from support.toy_runner import ReferencedRunner
from support.travelling import least_with_transfers, travelling

from tmpass.execution.run import execute_plan
from tmpass.graph.model import Graph
from tmpass.plans.plan import Plan

OPTIONS = st.sampled_from([{}, {"share": "none"}, {"io": "external"}, {"keep_inputs": True}, {"share_io": True}])


def execute(made: Plan, graph: Graph):
    return execute_plan(made, graph, ReferencedRunner(graph))


@settings(max_examples=100, deadline=None)
@given(travelling() | graphs(), st.sampled_from([1, 4]), OPTIONS)
def test_a_plan_with_transfers_loses_nothing(graph, alignment, options):
    made = least_with_transfers(graph, alignment, **options)
    if made is not None:
        done = execute(made, graph)
        assert (done.violations, done.unreached, done.notes) == ((), (), ())
