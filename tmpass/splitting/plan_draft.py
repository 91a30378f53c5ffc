"""Drafts planned: the bytes that a target needs for them, by the planner itself."""

from dataclasses import replace

from tmpass.base.choices import Transfers
from tmpass.base.dtypes import INT8
from tmpass.base.record import record
from tmpass.graph.draft import Draft, DraftOp, DraftTensor, draft_graph
from tmpass.graph.model import Entry, Graph, Op, Subgraph, Tensor, TensorKind
from tmpass.loading.load import Model
from tmpass.planning.choose_order import choose_order
from tmpass.planning.plan_model import find_request, plan_model
from tmpass.plans.model_info import ModelInfo
from tmpass.plans.plan import Options, Plan
from tmpass.splitting.net import Net
from tmpass.targets import Target
from tmpass.targets.scratch.find import merge_rules
from tmpass.targets.tail.scratch import runtime_scratch

_GIVE, _KEEP = "GIVE", "KEEP"
"""The kinds of operators that stand for what is before and behind a stage."""


@record
class Effort:
    """The budget of the planner for one draft.

    Fields:
        states: sets of operators that the search for an order visits.
        nodes: of the search for offsets.
    """

    states: int
    nodes: int


def plan_graph(graph: Graph, target: Target, effort: Effort, threads: int = 1) -> Plan:
    """The plan of a graph, not verified."""
    model = Model(ModelInfo("draft", graph.format, "", 0), graph)
    return plan_model(model, graph, target, _options(graph, target, effort), threads=threads)


def stage_peak(
    net: Net,
    target: Target,
    stage: tuple[tuple[DraftTensor, ...], tuple[DraftOp, ...]],
    kept: frozenset[int],
    effort: Effort,
) -> int:
    """The bytes of the head while a stage runs, as the planner places it alone.

    Args:
        net: the model.
        target: of the plan.
        stage: the tensors of the draft, and the operators of the stage.
        kept: tensors that are alive after it.
        effort: of the planner.
    """
    graph = _alone(net, *stage, kept)
    model = Model(ModelInfo("draft", graph.format, "", 0), graph)
    request, _, _ = find_request(model, graph, target, _options(graph, target, effort))
    return choose_order(request).layout.peak


def least_live(graph: Graph, target: Target, states: int) -> int:
    """Bytes of the head that are alive at one step at least, in each order of a graph's operators.

    Args:
        graph: of operators.
        target: of the plan.
        states: sets of operators that the search for an order visits.
    """
    model = Model(ModelInfo("draft", graph.format, "", 0), graph)
    request, _, _ = find_request(model, graph, target, _options(graph, target, Effort(states, 1)))
    return choose_order(request).order.lower_bound


def _options(graph: Graph, target: Target, effort: Effort) -> Options:
    rules = merge_rules(runtime_scratch(graph, target.runtime), target.scratch)
    return Options(states=effort.states, nodes=effort.nodes, scratch=rules, transfers=Transfers.NEVER)


def _alone(net: Net, tensors: tuple[DraftTensor, ...], ops: tuple[DraftOp, ...], kept: frozenset[int]) -> Graph:
    """The operators of a stage, behind one that makes what they read, and before one that reads what they make."""
    used = dict.fromkeys(t for op in ops for t in (*op.inputs, *op.outputs) if t >= 0)
    index = {t: number for number, t in enumerate(used)} | {-1: -1}
    renamed = tuple(
        replace(op, inputs=tuple(map(index.__getitem__, op.inputs)), outputs=tuple(map(index.__getitem__, op.outputs)))
        for op in ops
    )
    draft = Draft(tuple(tensors[t] for t in used), renamed, (), ())
    made = draft_graph(draft, net.graph, net.dialect).subgraphs[0]
    written = {t for op in ops for t in op.outputs}
    given = [t for t in used if t not in written and tensors[t].numbers is None and net.active(tensors[t].like)]
    inputs = tuple(index[t] for t in given if t in net.main.inputs)
    first = Op(_GIVE, _GIVE, (), tuple(index[t] for t in given if t not in net.main.inputs))
    outputs = tuple(index[t] for t in kept if t in index and t in net.main.outputs)
    end = len(made.tensors)
    last = Op(_KEEP, _KEEP, tuple(index[t] for t in sorted(kept) if t in index), (end,))
    token = Tensor(_KEEP, INT8, (1,), TensorKind.ACTIVATION)
    before = (first,) if first.outputs else ()
    return Graph(
        net.graph.format,
        (Subgraph("", (*made.tensors, token), (*before, *made.ops, last), inputs, (*outputs, end)),),
        (Entry("main", 0),),
    )
