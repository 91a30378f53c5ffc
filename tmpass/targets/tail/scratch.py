"""The scratch that the kernels of a runtime need, as rules for a plan."""

from collections.abc import Iterable, Iterator

from tmpass.base.errors import UsageError
from tmpass.graph.model import Graph
from tmpass.targets.runtime import Runtime
from tmpass.targets.scratch.find import scratch_of
from tmpass.targets.scratch.rule import ScratchRule
from tmpass.targets.tail.read import load_rules
from tmpass.targets.tail.rules import Kernel


def runtime_scratch(graph: Graph, runtime: Runtime) -> tuple[ScratchRule, ...]:
    """The scratch rules of `runtime` for the kinds of operators in `graph`, sorted by kind.

    A kind is left out where its rules have no value for one of its operators, and where the runtime is known to need no
    scratch for it and its rules say 0.

    Raises:
        TargetError: the rules of the runtime cannot be read.
    """
    if not runtime.tail:
        return ()
    rules = load_rules(runtime.tail)
    known = {(op.kind, rules.kernel((s, i), op)) for s, g in enumerate(graph.subgraphs) for i, op in enumerate(g.ops)}
    found: list[ScratchRule] = []
    for kind, kernel in sorted(((kind, kernel) for kind, kernel in known if kernel), key=lambda pair: pair[0]):
        own = [rule for rule in scratch_rules([kernel]) if rule.bytes != 0]
        try:
            needed = bool(scratch_of(graph, own))
        except UsageError:
            continue
        if needed or (own and kind not in runtime.without_scratch):
            found += own
    return tuple(found)


def known_scratch(runtime: Runtime) -> frozenset[ScratchRule]:
    """All scratch rules that `runtime` has for kinds of operators."""
    rules = load_rules(runtime.tail).kernels.values() if runtime.tail else ()
    return frozenset(rule for rule in scratch_rules(rules) if rule.bytes != 0)


def scratch_rules(kernels: Iterable[Kernel]) -> Iterator[ScratchRule]:
    """A rule for each scratch buffer of `kernels`; one of 0 bytes for a kernel that needs none."""
    for kernel in kernels:
        s, op = kernel.place or (None, None)
        for size in kernel.scratch or (0,):
            yield ScratchRule(kernel.kind.removeprefix("custom:"), size, s, op, kernel.source)
