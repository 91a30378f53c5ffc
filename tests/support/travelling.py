"""Drawn graphs whose tensors are read again long after they are made, and a target with a memory behind."""

from itertools import pairwise, product

from hypothesis import strategies as st

import tmpass
from support.graphs import Sketch, graph_of
from support.planning import INFO
from tmpass.api.plan import plan
from tmpass.graph.model import ABSENT, Graph, TensorKind
from tmpass.loading.load import Model
from tmpass.plans.plan import Plan
from tmpass.targets import EVERY, Memory, Sharing, Target

EVERYTHING = ("activations", "variables", "weights", "inputs_outputs")


def target(capacity: int | None, alignment: int = 1, chunk: int | None = 4) -> Target:
    """A scratchpad and an unlimited memory behind it, which operators do not use."""
    far = Memory("far", None, 4, EVERYTHING, compute=False, chunk=chunk)
    every = Sharing((EVERY,), (EVERY,), (EVERY,))
    return Target("t", "s", "", (Memory("near", capacity, alignment, EVERYTHING), far), every)


def planned(graph: Graph, goal: Target, **options) -> Plan:
    return plan(Model(INFO, graph), goal, **options)


def network() -> Graph:
    """The tensor `far` is read at once, and again at the end; between, others need the room. So is `old`."""
    sketch = Sketch()
    x = sketch.input(8)
    far = sketch.op([x], 32)
    old = sketch.op([far], 16)
    y = sketch.op([old], 40)
    y = sketch.op([y], 40)
    y = sketch.op([y, old], 8)
    y = sketch.op([y], 48)
    y = sketch.op([y], 8)
    sketch.outputs = [sketch.op([y, far, old], 8)]
    return graph_of(sketch)


def written_over() -> Graph:
    """`a` leaves and comes back, and the last reader but one writes its result over it."""
    sketch = Sketch()
    x = sketch.input(8)
    a = sketch.op([x], 32)
    y = sketch.op([sketch.op([a], 40)], 8)
    b = sketch.unary(a)
    y = sketch.op([sketch.op([y], 40)], 8)
    sketch.outputs = [sketch.op([y, b], 8)]
    return graph_of(sketch)


@st.composite
def travelling(draw) -> Graph:
    """A chain in which many operators read an older tensor as well, with views, pieces and constants between."""
    sketch = Sketch()
    made = [sketch.input(draw(st.sampled_from([8, 16, 24])))]
    if draw(st.booleans()):
        made.append(sketch.input(8))
    weights = list[int]()
    for _ in range(draw(st.integers(3, 9))):
        last, old = made[-1], draw(st.sampled_from(made))
        kind = draw(st.sampled_from(["op", "op", "op", "op", "unary", "view", "concat", "split", "constant"]))
        if kind == "op":
            made.append(sketch.op([last, old], draw(st.sampled_from([4, 8, 16, 24]))))
        elif kind == "unary":
            made.append(sketch.unary(draw(st.sampled_from([last, old]))))
        elif kind == "view":
            made.append(sketch.view(draw(st.sampled_from([last, old]))))
        elif kind == "concat" and last != old:
            made.append(sketch.concat(last, old))
        elif kind == "split" and sketch.tensors[last].shape[0] > 4:
            first = sketch.split(last, 4, sketch.tensors[last].shape[0] - 4)
            made += [first, first + 1]
        else:
            if not weights or draw(st.booleans()):
                weights.append(sketch.tensor(draw(st.sampled_from([8, 8, 12, 20])), TensorKind.CONSTANT))
            made.append(sketch.op([last, draw(st.sampled_from(weights))], 8))
    sketch.outputs = sorted({made[-1], draw(st.sampled_from(made[1:]))} - set(sketch.inputs)) or [made[-1]]
    return graph_of(sketch)


def least_with_transfers(graph: Graph, alignment: int = 1, **options) -> Plan | None:
    """The plan at a low capacity at which transfers make `graph` fit; None where they never do.

    The capacity is found by halving, so it is the least where more room is never worse.
    """
    high = planned(graph, target(None, alignment), **options).memories[0].needed
    low, best = 0, None
    while low < high:
        middle = (low + high) // 2
        made = planned(graph, target(middle, alignment), **options)
        low, high = (low, middle) if made.fits else (middle + 1, high)
        best = made if made.fits and made.transfers is not None else best
    return best


def fewest(graph: Graph, capacity: int, order: list[int]) -> int:
    """The fewest bytes that transfers move in one order without sharing, as far as sizes tell, by trying all."""
    main = graph.subgraphs[0]
    uses: dict[int, list[int]] = {}
    for t in main.inputs:
        uses[t] = [0]
    for step, number in enumerate(order):
        op = main.ops[number]
        for t in (*op.inputs, *op.outputs):
            if t != ABSENT and main.tensors[t].kind is not TensorKind.CONSTANT and uses.get(t, [-1])[-1] != step:
                uses.setdefault(t, []).append(step)
    for t in main.outputs:
        if uses[t][-1] != len(order) - 1:
            uses[t].append(len(order) - 1)
    size = {t: main.tensors[t].bytes or 0 for t in uses}
    need = [sum(size[t] for t in uses if step in uses[t]) for step in range(len(order))]
    gaps = [(t, a, b) for t in uses for a, b in pairwise(uses[t]) if b > a + 1]
    best = 10**9
    for choice in product((True, False), repeat=len(gaps)):
        load = list(need)
        cost, left = 0, set[int]()
        for stays, (t, a, b) in zip(choice, gaps, strict=True):
            for step in range(a + 1, b) if stays else ():
                load[step] += size[t]
            if not stays:
                cost += size[t] * (1 if t in left else 2)
                left.add(t)
        if max(load) <= capacity:
            best = min(best, cost)
    return best


def budgets(path, **options) -> dict[str, int]:
    """M_R, M_H and 90 % of M_P for a model.

    M_P is what its buffers need without transfers, M_R what its largest operator needs with copies of constants, and
    M_H lies in the middle. None is below M_R.
    """
    whole = tmpass.plan(path, transfers="never", **options).memories[0].peak
    warning = next(w for w in tmpass.plan(path, budget=1, **options).warnings if w.startswith("transfers do not help"))
    least = int(warning.partition("alone needs ")[2].partition(" B")[0])
    return {"M_R": least, "M_H": max(least, (least + whole) // 2), "90 %": max(least, whole * 9 // 10)}
