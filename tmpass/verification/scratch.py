"""Scratch buffers against the rules in the plan's options, computed again from the graph."""

from collections.abc import Iterable

from tmpass.base.errors import UsageError
from tmpass.base.violation import Violation
from tmpass.graph.model import ABSENT, Graph, Subgraph
from tmpass.plans.plan import Plan, PlannedBuffer, PlannedStep
from tmpass.targets.scratch.rule import ScratchRule


def check_scratch(plan: Plan, graph: Graph) -> list[Violation]:
    """Violations by scratch that an operator needs and does not have at a step, or has and does not need.

    Raises:
        UsageError: a rule of the options cannot be evaluated.
    """
    given: dict[int, list[PlannedBuffer]] = {}
    found = []
    for b in plan.buffers:
        if b.step is not None:
            given.setdefault(b.step, []).append(b)
            if b.tensors or b.gaps:
                found.append(Violation("scratch", f"buffer {b.id} is scratch of step {b.step}, but holds tensors"))
    if not given and not plan.options.scratch:
        return found
    lasting, rules = _lasting(graph, sorted({row.subgraph for row in plan.schedule})), _Rules(plan.options.scratch)
    for at, row in enumerate(plan.schedule):
        buffers, needs = given.pop(at, ()), sorted(rules.needed(graph.subgraphs[row.subgraph], row))
        if not buffers and not needs:
            continue
        has = sorted(b.size for b in buffers)
        operator = f"operator {row.op} ({row.kind}) of subgraph {row.subgraph}"
        if has != needs:
            message = f"{operator} needs scratch of {needs} bytes at step {at}, but the plan has {has}"
            found.append(Violation("scratch", message, step=at))
        end = at + lasting[row.subgraph][row.op]
        for b in buffers:
            if (b.lower, b.upper) != (at, end):
                message = f"{operator} runs in [{at}, {end}), but its scratch is alive in [{b.lower}, {b.upper})"
                found.append(Violation("scratch", message, step=at))
    found += [
        Violation("scratch", f"there is scratch for step {at}, which the schedule does not have", step=at)
        for at in sorted(given)
    ]
    return found


class _Rules:
    """The rules of a plan, by operator and by kind."""

    def __init__(self, rules: tuple[ScratchRule, ...]) -> None:
        self.own: dict[tuple[int, int], list[ScratchRule]] = {}
        self.of_kind: dict[str, list[ScratchRule]] = {}
        for rule in rules:
            if rule.subgraph is not None and rule.op is not None:
                self.own.setdefault((rule.subgraph, rule.op), []).append(rule)
            else:
                self.of_kind.setdefault(rule.kind, []).append(rule)

    def needed(self, subgraph: Subgraph, row: PlannedStep) -> list[int]:
        """The bytes of each scratch buffer of one operator: by its own rules, else by those of its kind."""
        op = subgraph.ops[row.op]
        rules = self.own.get((row.subgraph, row.op)) or self.of_kind.get(op.kind)
        if not rules:
            return []
        from tmpass.targets.scratch.formula import parse_formula  # most plans need no formulas

        inputs = tuple(subgraph.tensors[t] if t != ABSENT else None for t in op.inputs)
        outputs = tuple(subgraph.tensors[t] if t != ABSENT else None for t in op.outputs)
        try:
            sizes = [parse_formula(rule.bytes).of(inputs, outputs, options=op.options) for rule in rules]
            return [size for size in sizes if size]
        except UsageError as error:
            raise error.within(f"scratch of step {row.step}") from None


def _lasting(graph: Graph, subgraphs: Iterable[int]) -> dict[int, list[int]]:
    """Each of `subgraphs` -> how many steps each of its operators takes, the steps of its bodies included."""
    found: dict[int, list[int]] = {}

    def steps(s: int) -> int:
        if s not in found:
            ops = graph.subgraphs[s].ops
            found[s] = [1 + sum(steps(call.subgraph) for call in op.calls) for op in ops]
        return sum(found[s])

    for s in subgraphs:
        steps(s)
    return found
