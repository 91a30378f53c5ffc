"""The bytes of a drawn case: what the values are where nothing shares, and whether a plan keeps them."""

import random
from collections import Counter
from dataclasses import dataclass, replace

from support.broken_plans import broken
from support.constant_bytes import constants_of
from support.machine import Arena, Kernels, Private, run

from tmpass.api.verify import verify
from tmpass.base.errors import TmpassError
from tmpass.graph.model import Graph
from tmpass.loading.load import Model
from tmpass.plans.plan import Plan
from tmpass.targets import Memory, Over, Target

_WRITTEN = ("activations", "variables", "inputs_outputs")


class Refuted(Exception):
    """A plan that is wrong, or a claim that is not true."""


@dataclass(frozen=True)
class Bytes:
    """What a run of `graph` gives where every tensor has storage of its own, and how to run it where a plan says."""

    graph: Graph
    alone: list[object]
    keep: bool
    copies: bool
    kernels: Kernels

    def fault(self, made: Plan) -> str:
        """How a run in the bytes of `made` refutes the plan; empty where it does not."""
        arena = Arena(made)
        seen = run(self.graph, arena, keep_inputs=self.keep, loops_copy=self.copies, kernels=self.kernels)
        if seen != self.alone:
            return f"run: values are lost in the planned bytes {arena.spoiled}"
        for memory in made.memories if made.fits else ():
            kept = memory.overhead if memory.tail is None else memory.tail
            in_run = arena.ends.get(memory.name, 0) + kept  # the model is prepared, so the rest of the overhead is free
            needed = max(in_run, memory.peak + memory.overhead) + memory.reserve
            if memory.capacity is not None and needed > memory.capacity:
                return f"fits: a run uses {needed} bytes of {memory.name}, which has {memory.capacity}"
        return ""


def bytes_of(graph: Graph, alone: Private, target: Target, options: dict[str, object]) -> Bytes:
    """The bytes of a run with these options, with what `alone` gives."""
    keep, copies = bool(options["keep_inputs"]), target.runtime.loops_copy
    kernels = frozenset((k.op, k.input, k.output) for k in target.sharing.in_place if isinstance(k, Over))
    if "tie" in options:
        kernels |= {("ScatterND", 0, 0)}
    return Bytes(graph, run(graph, alone, keep_inputs=keep, loops_copy=copies), keep, copies, kernels)


def stored_bytes(graph: Graph) -> int:
    """The bytes of all constants, each tensor's counted."""
    return sum(graph.stored_as(key).bytes or 0 for key in constants_of(graph))


def tightened(rng: random.Random, made: Plan, target: Target) -> Target | None:
    """`target` with a memory that has room for some copies of constants, or for none; None where `made` has no copy."""
    copies = {row.memory for row in made.constants if row.use != "stored"}
    use = next((memory for memory in made.memories if memory.name in copies), None)
    if use is None:
        return None
    capacity = use.peak + use.reserve + use.overhead + rng.randint(0, use.loaded)
    memories = (replace(m, capacity=capacity) if m.name == use.name else m for m in target.memories)
    return replace(target, memories=tuple(memories))


def squeezed(rng: random.Random, made: Plan, graph: Graph, target: Target) -> Target | None:
    """`target` with too little room in the scratchpad, and a memory behind; None where operators need all at once."""
    use, least = made.memories[0], _most_at_once(made, graph)
    if not target.runtime.copies_buffers or least >= use.peak:
        return None
    room = rng.randint(least, use.peak - 1) + rng.choice((0, 0, use.loaded))
    capacity = room + use.reserve + use.overhead
    near = replace(target.scratchpad, name="near", capacity=capacity, holds=(*_WRITTEN, "weights"))
    holds = rng.choice((_WRITTEN, (*_WRITTEN, "weights"), (*_WRITTEN, "weights"), ("activations",)))
    capacity = rng.choice((None, None, None, 64, 200))
    behind = Memory("behind", capacity, rng.choice((1, 4, 16)), holds, compute=False, chunk=rng.choice((None, 4)))
    return replace(target, memories=(near, behind))


def _most_at_once(made: Plan, graph: Graph) -> int:
    """The bytes of the buffers that one operator touches, of the operator with the most."""
    home = {t.key: t.buffer for t in made.tensors}
    most = 0
    for row in made.schedule:
        op = graph.subgraphs[row.subgraph].ops[row.op]
        touched = {home.get((row.subgraph, t)) for t in (*op.inputs, *op.outputs, *op.temporaries)}
        most = max(most, sum(made.buffers[b].size for b in touched if b is not None))
    return most


def count_constants(made: Plan, counts: Counter[str]) -> None:
    """Count what a plan has of constants."""
    for use in sorted({row.use for row in made.constants}):
        counts[f"planned with {use} constants"] += 1
        counts[f"fits with {use} constants"] += made.fits
    sizes = {row.tensors: row.size for row in made.constants if row.use == "stored"}
    pieces = any(row.use == "streamed" and row.size < sizes[row.tensors] for row in made.constants)
    counts["planned with pieces"] += pieces
    counts["copies held for bodies"] += any(
        row.use == "streamed" and row.upper > row.lower + 1 for row in made.constants
    )
    counts["planned with transfers"] += made.transfers is not None
    counts["planned with overhead"] += any(memory.overhead for memory in made.memories)


def check_bytes(made: Plan, model: Model, target: Target, inside: Bytes, counts: Counter[str]) -> None:
    """Hold a plan against the verifier and the bytes.

    Raises:
        Refuted: one of them refutes it.
    """
    if found := verify(made, model, target=target) or verify(made, model):
        raise Refuted(f"verify: {found[0].message}")
    if why := inside.fault(made):
        raise Refuted(why)
    counts["run"] += 1
    count_constants(made, counts)


def check_broken(
    rng: random.Random, made: Plan, model: Model, target: Target, inside: Bytes, counts: Counter[str]
) -> None:
    """Break a plan: the verifier finds it, or the bytes do not refute it.

    Raises:
        Refuted: the verifier accepts what the bytes refute.
    """
    wrong = broken(rng, made)
    if wrong == made:
        return
    try:
        found = verify(wrong, model)
        held = verify(wrong, model, target=target)
    except TmpassError as error:
        counts[f"broken: {type(error).__name__}"] += 1
        return
    if found and not held:
        raise Refuted(f"broken: accepted for the target, but not without it: {found[0].message}")
    counts["broken"] += 1
    counts["broken and found by the target alone"] += bool(held and not found)
    counts["broken and accepted"] += not held
    if not found and (why := inside.fault(wrong)):
        raise Refuted(f"broken: accepted, but {why}\n{_difference(made, wrong)}")
    if not held and wrong.fits and not made.fits:
        raise Refuted(f"broken: accepted as fitting\n{_difference(made, wrong)}")
    if not held:
        counts[f"accepted: {_what(made, wrong)}"] += 1


def _what(made: Plan, wrong: Plan) -> str:
    """The names of what differs."""
    found = []
    for name in (
        "model",
        "status",
        "fits",
        "memories",
        "order",
        "buffers",
        "tensors",
        "not_counted",
        "constants",
        "transfers",
    ):
        one, two = getattr(made, name), getattr(wrong, name)
        if one == two:
            continue
        if not isinstance(one, tuple) or len(one) != len(two):
            found.append(name)
            continue
        fields = {
            f for a, b in zip(one, two, strict=True) for f in a.__dataclass_fields__ if getattr(a, f) != getattr(b, f)
        }
        found.append(f"{name} {' '.join(sorted(fields))}")
    return ", ".join(found)


def _difference(made: Plan, wrong: Plan) -> str:
    one, two = made.to_json().split("\n"), wrong.to_json().split("\n")
    return "\n".join(
        [f"- {line}" for line in one if line not in two] + [f"+ {line}" for line in two if line not in one]
    )
