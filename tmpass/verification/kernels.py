"""The operators that a plan says its runtime does not run, and the kernels that it registers, found again."""

from collections import Counter
from collections.abc import Iterator

from tmpass.base.errors import brief
from tmpass.base.violation import Violation
from tmpass.graph.model import Graph
from tmpass.plans.left_out import NotRun
from tmpass.plans.plan import Plan
from tmpass.targets import CUSTOM, Target, find_not_run
from tmpass.targets.resolver import registration


def check_kernels(plan: Plan, profile: Target, graph: Graph) -> list[Violation]:
    """Violations by operators that the runtime does not run and that the plan does not list so, or the other way round.

    Args:
        plan: for this target.
        profile: of the target.
        graph: of the model, bound.
    """
    if plan.target.runtime != profile.runtime.name:
        return []  # which is a violation of its own
    count: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], NotRun] = {}
    for s, index, fault in find_not_run(graph, profile):
        op = graph.subgraphs[s].ops[index]
        what = f"{CUSTOM * op.custom}{op.kind}", fault.text
        count[what] += 1
        first.setdefault(what, NotRun(*what, fault.takes, fault.known, 1, s, index))
    real = [(one.kind, one.fault, one.takes, one.known, count[w], one.subgraph, one.op) for w, one in first.items()]
    told = [(one.kind, one.fault, one.takes, one.known, one.count, one.subgraph, one.op) for one in plan.not_run]
    return [*_differences(sorted(told), sorted(real), profile), *_check_registrations(plan, profile, graph)]


def _check_registrations(plan: Plan, profile: Target, graph: Graph) -> Iterator[Violation]:
    """The violation by kernels to register that are not those of the graph. An older plan says nothing of them."""
    kinds = {CUSTOM * op.custom + op.kind for subgraph in graph.subgraphs for op in subgraph.ops}
    real = [(kind, registration(kind, profile.runtime)) for kind in sorted(kinds)] if profile.runtime.resolver else []
    told = [(row.kind, row.call) for row in plan.registrations]
    for kind, call in sorted({*told} ^ {*real}) if told else ():
        said = "lists" if (kind, call) in told else "leaves out"
        yield Violation("kernels", f"the plan {said} the registration {brief(call)} of {brief(kind)}: plan again")
        return


_Row = tuple[str, str, str, bool, int, int, int]


def _differences(told: list[_Row], real: list[_Row], profile: Target) -> Iterator[Violation]:
    title = profile.runtime.title or profile.name
    for kind, fault, _, known, count, subgraph, op in (row for row in real if row not in told):
        what = f"{title} {'does not run' if known else 'is not known to run'} {brief(f'{kind} {fault}'.strip())}"
        where = f"of {count} the first is operator {op} of subgraph {subgraph}"
        yield Violation("kernels", f"{what}, which the plan does not say; {where}: plan again")
    for kind, fault, *_ in (row for row in told if row not in real):
        said = brief(f"{kind} {fault}".strip())
        yield Violation("kernels", f"the plan says that {title} does not run {said}, as many and from where it says")
