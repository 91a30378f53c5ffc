"""The operators of a plan for which its runtime has no kernel, and the kernels that a program registers."""

from dataclasses import replace

from tmpass.graph.model import Graph
from tmpass.plans.left_out import NotRun, Registration
from tmpass.targets import Target
from tmpass.targets.not_run import find_not_run
from tmpass.targets.resolver import registered_kinds, registration
from tmpass.targets.sharing import CUSTOM


def not_run_rows(graph: Graph, target: Target) -> tuple[NotRun, ...]:
    """One row for operators of one kind with one fault, in the order of the file.

    Args:
        graph: of the model, bound.
        target: of the plan.
    """
    rows: dict[tuple[str, str], NotRun] = {}
    for s, index, fault in find_not_run(graph, target):
        op = graph.subgraphs[s].ops[index]
        kind = CUSTOM + op.kind if op.custom else op.kind
        row = rows.get((kind, fault.text)) or NotRun(kind, fault.text, fault.takes, fault.known, 0, s, index)
        rows[kind, fault.text] = replace(row, count=row.count + 1)
    return tuple(rows.values())


def registration_rows(graph: Graph, target: Target) -> tuple[Registration, ...]:
    """The kernels that a program registers for a model, by kind; none where the runtime has no resolver.

    Args:
        graph: of the model.
        target: of the plan.
    """
    runtime = target.runtime
    if not runtime.resolver or graph.format not in runtime.reads:
        return ()
    return tuple(Registration(kind, registration(kind, runtime)) for kind in registered_kinds(graph))
