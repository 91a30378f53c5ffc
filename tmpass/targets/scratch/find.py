"""The scratch that the operators of a model need."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from tmpass.base.errors import UsageError, brief
from tmpass.graph.model import ABSENT, Graph, Op, Subgraph
from tmpass.targets.scratch.formula import Tensors, parse_formula
from tmpass.targets.scratch.rule import ScratchRule


def merge_rules(profile: Iterable[ScratchRule], file: Iterable[ScratchRule]) -> tuple[ScratchRule, ...]:
    """The rules of a scratch file, and those of a profile for kinds that the file has no rule for."""
    own = tuple(file)
    replaced = {rule.kind for rule in own if rule.op is None}
    return (*own, *(rule for rule in profile if rule.kind not in replaced))


def scratch_of(graph: Graph, rules: Iterable[ScratchRule]) -> dict[tuple[int, int], tuple[int, ...]]:
    """The bytes of each scratch buffer, by (subgraph, operator), for operators that need any.

    Raises:
        UsageError: a rule is for an operator that does not exist or has another kind, or its formula has no value for
            an operator.
    """
    by_place: dict[tuple[int, int], list[ScratchRule]] = defaultdict(list)
    by_kind: dict[str, list[ScratchRule]] = defaultdict(list)
    for rule in rules:
        if rule.subgraph is None or rule.op is None:
            by_kind[rule.kind].append(rule)
        else:
            _check_place(graph, rule, rule.subgraph, rule.op)
            by_place[rule.subgraph, rule.op].append(rule)
    if not by_place and not by_kind:
        return {}
    found: dict[tuple[int, int], tuple[int, ...]] = {}
    for s, subgraph in enumerate(graph.subgraphs):
        for index, op in enumerate(subgraph.ops):
            applying = by_place.get((s, index)) or by_kind.get(op.kind)
            if applying:
                sizes = tuple(filter(None, (_bytes(rule, subgraph, s, index) for rule in applying)))
                if sizes:
                    found[s, index] = sizes
    return found


def unused_rules(graph: Graph, rules: Iterable[ScratchRule]) -> Iterator[str]:
    """A line for each kind of operator that one of `rules` is for and that `graph` does not have."""
    there = {op.kind for subgraph in graph.subgraphs for op in subgraph.ops}
    for kind in dict.fromkeys(rule.kind for rule in rules if rule.op is None):
        if kind not in there:
            from difflib import get_close_matches  # for a mistake only

            near = get_close_matches(kind, there, 1) or get_close_matches(kind.upper(), there, 1)
            hint = f"; did you mean {brief(near[0])}?" if near else ""
            yield f"scratch is given for {brief(kind)}, and the model has no such operator{hint}"


def _check_place(graph: Graph, rule: ScratchRule, s: int, index: int) -> None:
    ops = graph.subgraphs[s].ops if s < len(graph.subgraphs) else ()
    fault = ""
    if index >= len(ops):
        fault = f"there is no operator {index} in subgraph {s}"
        fault += f", which has {len(ops)}" if s < len(graph.subgraphs) else ": the model has no such subgraph"
    elif rule.kind and rule.kind != ops[index].kind:
        fault = f"operator {index} of subgraph {s} is {ops[index].kind}, not {rule.kind}"
    if fault:
        raise UsageError(fault, where="scratch", hint="is it for another model?")


def _bytes(rule: ScratchRule, subgraph: Subgraph, s: int, index: int) -> int:
    op = subgraph.ops[index]
    try:
        return parse_formula(rule.bytes).of(*operands(subgraph, op), options=op.options)
    except UsageError as error:
        place = f"scratch {rule.bytes!r} of operator {index} ({op.kind}) in subgraph {s}"
        raise UsageError(error.what, where=place, hint=error.hint) from None


def operands(subgraph: Subgraph, op: Op) -> tuple[Tensors, Tensors]:
    """The tensors that `op` reads, and those that it writes; None for an optional one that is left out."""
    reads, writes = (
        tuple(None if t == ABSENT else subgraph.tensors[t] for t in tensors) for tensors in (op.inputs, op.outputs)
    )
    return reads, writes
