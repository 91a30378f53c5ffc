"""What a plan says of scratch, sources and bytes that are not known, against the rules of its target."""

from collections.abc import Iterator

from tmpass.base.errors import brief, brief_text
from tmpass.base.violation import Violation
from tmpass.graph.model import ABSENT, Graph, Op, Subgraph
from tmpass.plans.left_out import NotCounted
from tmpass.plans.plan import FILE_SOURCE, Plan
from tmpass.targets import Runtime, Target
from tmpass.verification.integers import as_integers

_PACKED_BELOW = 8
"""Kernels that need no scratch may unpack elements of fewer bits."""


def check_rules(plan: Plan, profile: Target, graph: Graph) -> list[Violation]:
    """Violations by rules of `profile` that the plan does not have, and by claims that are not those of `profile`.

    Plans of version 1, and early ones of version 2, are from before the rules: they lack scratch that a run needs.

    Args:
        plan: for this target; its options may have more rules, and other ones for a kind.
        profile: with the budget and the alignment of the plan's options.
        graph: of the model.
    """
    if plan.target.runtime != profile.runtime.name:
        return []  # which is a violation of its own
    graph = as_integers(plan, graph)[0]
    return [*_missing_rules(plan, profile, graph), *_sources(plan, profile), *_not_counted(plan, profile, graph)]


def _missing_rules(plan: Plan, profile: Target, graph: Graph) -> Iterator[Violation]:
    """Violations by operators that have scratch by the rules of the runtime, and no rule in the plan."""
    if not profile.runtime.tail:
        return
    from tmpass.targets.tail.scratch import runtime_scratch  # which only some runtimes need

    kinds = {rule.kind for rule in runtime_scratch(graph, profile.runtime)}
    for kind, steps in _without_rule(plan, graph).items():
        if kind in kinds:
            message = f"{profile.runtime.title} has scratch for {kind}, but the plan's options have no rule for it"
            more = f" at step {steps[0]}" + (f" and {len(steps) - 1} more" if len(steps) > 1 else "")
            yield Violation("target", f"{message}{more}: plan again", step=steps[0])


def _without_rule(plan: Plan, graph: Graph) -> dict[str, list[int]]:
    """Kind -> the steps of its operators that no rule of the plan's options is for."""
    found: dict[str, list[int]] = {}
    rules = _Rules(plan)
    for at, row in enumerate(plan.schedule):
        if row.subgraph >= len(graph.subgraphs) or row.op >= len(graph.subgraphs[row.subgraph].ops):
            continue  # an operator that the model does not have, which the replay reports
        kind = graph.subgraphs[row.subgraph].ops[row.op].kind
        if not rules.of(row.subgraph, row.op, kind):
            found.setdefault(kind, []).append(at)
    return found


class _Rules:
    """The operators that have a rule for their scratch in the options of a plan."""

    def __init__(self, plan: Plan) -> None:
        self._kinds = {rule.kind for rule in plan.options.scratch if rule.op is None}
        self._places = {(rule.subgraph, rule.op) for rule in plan.options.scratch if rule.op is not None}

    def of(self, subgraph: int, op: int, kind: str) -> bool:
        """Whether operator `op` of `subgraph` has one, or all of its kind do."""
        return kind in self._kinds or (subgraph, op) in self._places


def _sources(plan: Plan, profile: Target) -> Iterator[Violation]:
    """Violations by other words for where a number comes from: they say whether it is assumed.

    Plans of version 1 need not have them. A plan of the offsets in a file may say that it has a number from there.
    """
    wanted = {memory.name: memory.sources for memory in profile.memories}
    for memory in plan.memories:
        told = {"capacity": memory.capacity_source, "reserve": memory.reserve_source}
        for number, source in told.items() if memory.name in wanted else ():
            real = wanted[memory.name].get(number, "")
            from_file = source == FILE_SOURCE and plan.is_of_file and plan.model.carried is not None
            if source != real and not from_file and (source or plan.model.bytes is not None):
                message = f"the {number} of {memory.name} is from {brief(source)}, in {profile.name} from {brief(real)}"
                yield Violation("target", message)


def _not_counted(plan: Plan, profile: Target, graph: Graph) -> Iterator[Violation]:
    """Violations by operators whose scratch, or whose bytes of the runtime, are not known, and that are not listed."""
    if not plan.not_counted and plan.model.bytes is None:
        return  # from before the key was added
    told = {row.what: row for row in plan.not_counted}
    real = {"scratch": _unknown_scratch(plan, graph, profile.runtime), "runtime": _unknown_to_runtime(graph, profile)}
    for what, kinds in real.items():
        row = told.get(what, NotCounted(what, 0))
        if row.count != len(kinds) or set(row.names) != set(kinds) or row.bytes is not None:
            told_text = f"{row.count} operators ({brief_text(', '.join(row.names))})" if row.count else "no operators"
            real_text = f"{len(kinds)} ({brief_text(', '.join(sorted(set(kinds))))})"
            where = f"{profile.name} knows nothing of {real_text}" if kinds else f"{profile.name} knows all"
            yield Violation("not counted", f"the plan does not count {what} of {told_text}; {where}")


def _unknown_scratch(plan: Plan, graph: Graph, runtime: Runtime) -> list[str]:
    """The kind of each operator that may need scratch and has no rule."""
    rules = _Rules(plan)
    return [
        op.kind
        for s, subgraph in enumerate(graph.subgraphs)
        for index, op in enumerate(subgraph.ops)
        if not rules.of(s, index, op.kind) and not _needs_none(op, subgraph, runtime)
    ]


def _needs_none(op: Op, subgraph: Subgraph, runtime: Runtime) -> bool:
    """Whether the kernel of `op` is known to need no scratch. Views and operators with bodies have no kernel."""
    if op.view or op.calls:
        return True
    widths = [subgraph.tensors[t].dtype.bits for t in op.inputs if t != ABSENT]
    packed = any(bits and bits < _PACKED_BELOW for bits in widths)
    name = f"custom:{op.kind}" if op.custom else op.kind
    return name in runtime.without_scratch and not packed


def _unknown_to_runtime(graph: Graph, profile: Target) -> list[str]:
    """The kind of each operator for which the runtime keeps bytes that its rules do not know."""
    if not profile.runtime.tail:
        return []
    from tmpass.targets.tail import runtime_bytes

    tail = runtime_bytes(graph, profile)
    kinds = set() if tail is None else set(tail.unknown)
    return [op.kind for subgraph in graph.subgraphs for op in subgraph.ops if op.kind in kinds]
