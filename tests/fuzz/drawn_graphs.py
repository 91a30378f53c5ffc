"""Draw graphs and options; plan, verify, run the bytes, and try to refute what each plan claims.

    python tests/fuzz/drawn_graphs.py --count 100000 --seed 1

Every graph is planned with drawn options for a drawn target. Then

    verify    the plan breaks no law, also by what its target allows
    run       a machine that knows no live ranges sees the values that it sees where nothing shares
    least     no larger than in the file's order, or with less sharing
    permute   the same operators in another order of the file keep no less alive than the bound
    less      nor does a target that allows less
    choose    nor does any order with any choice of what shares, of those that the verifier accepts

The last three hold for the bound that the verifier works out, too. Counts are printed;
a failure prints the seed that draws it again, and ends in exit code 1.
"""

import argparse
import random
import sys
import time
import traceback
from collections import Counter
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from fuzz.drawn_bytes import Bytes, Refuted, bytes_of, check_broken, check_bytes, squeezed, stored_bytes, tightened
from support.any_plans import choose, live_bytes, overlays
from support.drawn import draw_graph, permuted, shuffled
from support.drawn_constants import draw_memories, with_constants
from support.machine import Private
from support.planning import INFO

from tmpass.api.plan import plan
from tmpass.base.errors import ModelError, TargetError
from tmpass.graph.dependencies import reads
from tmpass.graph.effects import effect_edges
from tmpass.graph.model import Graph, Move, Moves, Op, Quantization, TensorKind
from tmpass.graph.topological import topological_order
from tmpass.loading.load import Model
from tmpass.planning.integers import find_names, keep_integers
from tmpass.plans.plan import Plan
from tmpass.targets import EVERY, RUNTIMES, Memory, Over, Sharing, Target
from tmpass.targets.scratch.rule import ScratchRule
from tmpass.verification.orders import order_bound_is_proved, recomputed_order_bound
from tmpass.verification.results import as_kept

OPTIONS = ("keep_inputs", "share_io")
_KINDS = {"views": "RESHAPE", "in_place": "RELU", "parts": "CONCAT"}
_KERNELS = (Over("OP"), Over("OP", 1), Over("OP", 0, 1), Over("OP", 1, 1), Over("ScatterND"), Over("ADD", 1))


def draw_target(rng: random.Random) -> Target:
    """One or two memories, an alignment, a runtime, and what may share: all, or less."""
    every = ("activations", "variables", "inputs_outputs")
    alignment = rng.choice((1, 1, 4, 16))
    memories = (Memory("arena", rng.choice((None, None, 64)), alignment, every),)
    if rng.random() < 0.15:
        inner = rng.choice((("activations",), ("activations", "variables"), ("activations", "inputs_outputs")))
        memories = (Memory("inner", None, alignment, inner), Memory("outer", None, rng.choice((1, 4, 16)), every))
    sharing: dict[str, tuple[str | Over, ...]] = {field: (EVERY,) if rng.random() < 0.85 else () for field in _KINDS}
    if rng.random() < 0.4:
        kernels = rng.sample(_KERNELS, rng.randint(1, 2))
        sharing["in_place"] = (*(("RELU", "ADD", "TANH") if sharing["in_place"] else ()), *kernels)
    runtime = RUNTIMES[rng.choice(("", "", "", "tflm", "litert"))]
    return Target("drawn", "drawn", "", memories, Sharing(**sharing), runtime=runtime)


def draw_model(rng: random.Random, most_ops: int) -> Graph:
    """A graph; in some, floats stand between integers, and some files are not sorted."""
    graph = draw_graph(rng, rng.randint(1, most_ops), groups=rng.choice((0, 0, 0.5)))
    return shuffled(rng, graph) if rng.random() < 0.15 else graph


def draw_ties(rng: random.Random, graph: Graph) -> dict[str, str]:
    """Outputs of the first entry, each with an input of its size and type, right or wrong."""
    subgraph = graph.subgraphs[graph.entries[0].subgraph]
    found: dict[str, str] = {}
    for t in subgraph.outputs:
        one = subgraph.tensors[t]
        alike = [subgraph.tensors[i] for i in subgraph.inputs]
        alike = [two for two in alike if (two.bytes, two.dtype) == (one.bytes, one.dtype) and two.name != one.name]
        alike = [two for two in alike if two.name not in found.values()]
        if alike and one.kind is TensorKind.ACTIVATION:
            found[one.name] = rng.choice(alike).name
    return found


def draw_options(rng: random.Random) -> dict[str, object]:
    """Options of `plan`, most often the default ones."""
    return {
        "io": rng.choice(("arena", "arena", "external")),
        "keep_inputs": rng.random() < 0.3,
        "share_io": rng.random() < 0.5,
        "inplace": rng.random() < 0.85,
        "share": rng.choice(("auto",) * 6 + ("views", "none")),
        "schedule": rng.choice(("auto",) * 6 + ("given", "topological", "least-peak")),
        "scratch": [ScratchRule("OP", 16, source="drawn")] if rng.random() < 0.1 else [],
        "int8": rng.choice(("native", "float")),
        "nodes": 1000,
    }


def draw_asked(rng: random.Random) -> tuple[Target, dict[str, object]]:
    """A target and options that it has."""
    target, options = draw_target(rng), draw_options(rng)
    return target, options | {"io": "arena"} if target.runtime.io_inside else options


def less(rng: random.Random, target: Target) -> Target:
    """`target` where less may share: kinds of sharing, or operators."""
    kept = {}
    for field, kind in _KINDS.items():
        most = getattr(target.sharing, field)
        kept[field] = rng.choice([(), most, (kind,) if EVERY in most or kind in most else most[:1]])
    return replace(target, sharing=Sharing(**kept))


def fill(made: Plan) -> int:
    """The most bytes alive at one step in the scratchpad."""
    return made.memories[0].live_bytes


def native(kept: Graph) -> Graph:
    """`kept` as a device with kernels for integers runs it: what only gives integers another name copies them, which
    it need not where they are.
    """
    found = kept.held_in

    def mended(s: int, op: Op) -> Op:
        if op.quantization is None:
            return op
        one, two = (s, op.inputs[0]), (s, op.outputs[0])
        again = op.quantization is not Quantization.CLAMP or one in found
        same = found.get(one, one) == found.get(two, two) and again
        return replace(op, moves=Moves(Move.VIEW)) if same else op

    subgraphs = [replace(sub, ops=tuple(mended(s, op) for op in sub.ops)) for s, sub in enumerate(kept.subgraphs)]
    return replace(kept, subgraphs=tuple(subgraphs))


class Sorted(Private):
    """Every tensor has storage of its own, and operators run as their data has it, then as the file has them."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        effects = effect_edges(graph)
        self.orders = [
            list(topological_order(sub, [(a, b) for a, b, _ in reads(sub)], effects[s]))
            for s, sub in enumerate(graph.subgraphs)
        ]

    def order(self, graph: Graph, s: int) -> list[int]:  # noqa: ARG002
        return self.orders[s]


def draw_case(
    seed: int, most_ops: int, *, constants: bool = True
) -> tuple[random.Random, Graph, Target, dict[str, object]]:
    """What `seed` draws: a graph, a target, and options that go together; with `constants`, more of them in memories of
    all kinds.
    """
    rng = random.Random(seed)
    graph = draw_model(rng, most_ops)
    target, options = draw_asked(rng)
    if constants:
        more = random.Random(f"constants {seed}")
        graph = with_constants(more, graph)
        target = draw_memories(more, target, stored_bytes(graph))
    if rng.random() < 0.3 and options["io"] == "arena" and (ties := draw_ties(rng, graph)):
        options |= {"tie": ties, "keep_inputs": False}
    return rng, graph, target, options


def check(seed: int, most_ops: int, counts: Counter[str], *, constants: bool = True) -> None:
    """Draw what `seed` draws and try to refute it."""
    rng, graph, target, options = draw_case(seed, most_ops, constants=constants)
    info = replace(INFO, bytes=stored_bytes(graph) + 10 * (seed % 3)) if seed % 4 else INFO
    model = Model(info, graph)
    try:
        made = plan(model, target, **options)
    except ModelError as error:
        why = str(error)
        if "cannot lie over" in why or "cannot be tied" in why:
            counts["tie refused"] += 1
        elif "reads tensor" in why or "wait for each other" in why or "depend on each other" in why:
            counts["order refused"] += 1
        else:
            raise
        return
    except TargetError as error:
        if "holds weights" not in str(error):
            raise
        counts["target refused"] += 1
        return
    counts["planned"] += 1
    counts["planned with ties"] += bool(made.options.tie)
    kept = keep_integers(graph, find_names(graph)) if options["int8"] == "native" else graph
    inside = bytes_of(native(kept) if kept.held_in else graph, Sorted(graph), target, options)
    counts["planned with integers"] += bool(kept.held_in)
    check_bytes(made, model, target, inside, counts)
    if constants:
        _check_constants(seed, made, model, target, options, inside, counts)
    if made.transfers is not None:
        return  # what follows is about all that is alive at once
    # Where there is no lack of room, no buffer is moved to another memory.
    roomy = replace(target, memories=tuple(replace(m, capacity=None, reserve=0) for m in target.memories))
    _check_least(model, roomy, options, counts)
    kept = as_kept(kept, target.runtime)  # what the runtime makes once, bounds and choices take for variables
    if made.order.lower_bound == fill(made):
        counts["orders proved"] += 1
    if order_bound_is_proved(made, kept, target.sharing):
        counts["orders proved again"] += 1
    made = _with_bound(made, kept, target)
    for _ in range(2 if as_kept(graph, target.runtime) == graph else 0):  # what is kept depends on the file's order
        _below(made, _planned(Model(INFO, permuted(rng, graph)), roomy, options), "permute", counts)
    _below(made, _planned(model, less(rng, roomy), options), "less", counts)
    _choose(rng, kept, target, made, counts)


def _check_least(model: Model, target: Target, options: dict[str, object], counts: Counter[str]) -> None:
    """Hold a plan against those in the file's order and with less sharing, which take no fewer bytes."""
    made = _planned(model, target, options) if options["schedule"] == "auto" else None
    if made is None:
        return
    peak = sum(memory.peak for memory in made.memories)
    for other in ({"schedule": "given"}, {"share": "none"}, {"share": "views"}):
        if options["share"] == "auto" or "share" not in other:
            there = _planned(model, target, {**options, **other})
            if there and sum(memory.peak for memory in there.memories) < peak:
                raise Refuted(f"least: {other} takes fewer bytes than {peak}")
            counts["compared"] += there is not None


def _check_constants(
    seed: int,
    made: Plan,
    model: Model,
    target: Target,
    options: dict[str, object],
    inside: Bytes,
    counts: Counter[str],
) -> None:
    """Plan with less room for copies of constants, and for all buffers, and break the plans."""
    rng = random.Random(f"broken {seed}")
    plans = [(made, target)]
    if (tight := tightened(rng, made, target)) is not None and (there := _planned(model, tight, options)) is not None:
        check_bytes(there, model, tight, inside, counts)
        plans.append((there, tight))
    small = squeezed(rng, made, model.graph, target)
    if small is not None and (there := _planned(model, small, options)) is not None:
        check_bytes(there, model, small, inside, counts)
        if there.transfers is not None:
            plans += [(there, small)] * 2
    for _ in range(8):
        one, goal = rng.choice(plans)
        check_broken(rng, one, model, goal, inside, counts)


def _with_bound(made: Plan, graph: Graph, target: Target) -> Plan:
    """`made` with the bound on all orders that the verifier works out, where that is higher."""
    least = recomputed_order_bound(made, graph, target.sharing) or 0
    if least > fill(made):
        raise Refuted(f"bound: {fill(made)} bytes alive, below the bound of {least} of the verifier")
    return replace(made, order=replace(made.order, lower_bound=max(made.order.lower_bound, least)))


def _planned(model: Model, target: Target, options: dict[str, object]) -> Plan | None:
    """The plan; None where there is none, as for files that are not sorted and ties that do not hold."""
    try:
        return plan(model, target, **options)
    except ModelError:
        return None


def _below(made: Plan, other: Plan | None, what: str, counts: Counter[str]) -> None:
    if other is None:
        return
    counts[what] += 1
    if fill(other) < made.order.lower_bound:
        raise Refuted(f"{what}: {fill(other)} bytes alive, below the bound of {made.order.lower_bound}")


def _choose(rng: random.Random, graph: Graph, target: Target, made: Plan, counts: Counter[str]) -> None:
    if len(target.memories) > 1 or made.options.scratch:
        return
    external = frozenset(
        (row.subgraph, row.index) for row in made.tensors if row.buffer is None and row.role in ("input", "output")
    )
    every = [one for one in overlays(graph) if rng.random() < 0.8]
    for _ in range(6):
        other = permuted(rng, graph)
        orders = [
            tuple(subgraph.ops.index(op) for op in moved.ops)
            for subgraph, moved in zip(graph.subgraphs, other.subgraphs, strict=True)
        ]
        aliases = choose(graph, [one for one in every if rng.random() < 0.7])
        if aliases is None:
            continue
        alive = live_bytes(graph, orders, aliases, target, made.options, external)
        counts["choices"] += 1
        if alive is None:
            continue
        counts["right choices"] += 1
        if alive < made.order.lower_bound:
            raise Refuted(f"choose: {alive} bytes alive, below the bound of {made.order.lower_bound}")


def describe(graph: Graph) -> str:
    """The graph in a few lines."""
    lines = []
    for s, subgraph in enumerate(graph.subgraphs):
        lines.append(f"subgraph {s}: {subgraph.inputs} -> {subgraph.outputs}")
        for t, tensor in enumerate(subgraph.tensors):
            if tensor.kind is not TensorKind.ACTIVATION:
                lines.append(f"  {t}: {tensor.kind.name} {tensor.shape} {tensor.captures}")
        for at, op in enumerate(subgraph.ops):
            shapes = [subgraph.tensors[t].shape for t in op.outputs]
            calls = [(call.subgraph, call.repeats) for call in op.calls]
            lines.append(f"  {at} {op.kind} {op.inputs} -> {op.outputs} {shapes} {op.temporaries or ''} {calls or ''}")
    return "\n".join(lines)


def main() -> int:
    """Check as many drawn graphs as the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="graphs to draw")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first graph; the others follow")
    parser.add_argument("--most-ops", type=int, default=6, help="operators in a subgraph")
    parser.add_argument("--failures", type=int, default=5, help="stop after this many failures")
    asked = parser.parse_args()
    counts: Counter[str] = Counter()
    failures, begin = 0, time.monotonic()
    for seed in range(asked.seed, asked.seed + asked.count):
        try:
            check(seed, asked.most_ops, counts)
        except Exception as error:
            failures += 1
            _, graph, target, options = draw_case(seed, asked.most_ops)
            print(f"seed {seed}: {type(error).__name__}: {error}\n{target}\n{options}\n{describe(graph)}", flush=True)
            if not isinstance(error, Refuted):
                traceback.print_exc(limit=-3)
            if failures >= asked.failures:
                break
        except KeyboardInterrupt:
            break
    seconds = time.monotonic() - begin
    print(f"{sum(counts[k] for k in ('planned',))} graphs in {seconds:.0f} s, {failures} failures")
    print("".join(f"{count:>10} {name}\n" for name, count in sorted(counts.items())), end="")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
