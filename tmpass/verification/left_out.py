"""The bytes that a plan says it does not count, counted again."""

from tmpass.base.choices import Io
from tmpass.base.errors import brief
from tmpass.base.violation import Violation
from tmpass.graph.model import Graph, TensorKind
from tmpass.plans.left_out import NotCounted
from tmpass.plans.plan import Plan
from tmpass.verification.stored import touched


def unknown_tensors(graph: Graph) -> int:
    """How many tensors of unknown size need bytes in a run. A capture is not counted besides what it captures."""
    count = 0
    for subgraph in graph.subgraphs:
        for t in subgraph.fact(touched).intersection(subgraph.unsized):
            tensor = subgraph.tensors[t]
            count += tensor.kind in (TensorKind.ACTIVATION, TensorKind.VARIABLE) and tensor.dtype.name != "resource"
    return count


def check_left_out(plan: Plan, graph: Graph, unknown: int) -> list[Violation]:
    """Violations by counts and bytes in `not_counted` that differ from those of the graph.

    A plan from before the key was added has no such rows; that is right only where all sizes are known. Rows about
    scratch are not checked, since what kernels need is not known here.

    Args:
        plan: with its rows `not_counted`.
        graph: of the model.
        unknown: how many tensors of unknown size the graph has.
    """
    told = {row.what: (row.count, row.bytes) for row in plan.not_counted if row.what not in ("scratch", "runtime")}
    real: dict[str, tuple[int, int | None]] = {}
    if unknown:
        real["tensors"] = unknown, None
    if weights := _weights(plan, graph, told.get("weights")):
        real["weights"] = weights
    if plan.options.io == Io.EXTERNAL:
        outside = {
            (entry.subgraph, t)
            for entry in graph.entries
            if entry.subgraph not in graph.called
            for t in (*graph.subgraphs[entry.subgraph].inputs, *graph.subgraphs[entry.subgraph].outputs)
            if graph.tensor((entry.subgraph, t)).kind is TensorKind.ACTIVATION
        }
        sizes = [size for key in outside if (size := graph.tensor(key).bytes) is not None]
        if sizes:
            real["inputs_outputs"] = len(sizes), sum(sizes)
    if not plan.not_counted and plan.model.bytes is None:  # written before the key was added
        real = {what: figures for what, figures in real.items() if what == "tensors"}
    rows = [row.what for row in plan.not_counted]
    twice = sorted({what for what in rows if rows.count(what) > 1})
    found = [Violation("not counted", f"the plan lists what it does not count of {what} twice") for what in twice]
    for what in sorted({*told, *real}):
        if told.get(what) != real.get(what):
            message = f"the plan does not count {told.get(what, 'no')} {what}; the model has {real.get(what, 'none')}"
            found.append(Violation("not counted", f"{message}, as number and bytes"))
    return found + [violation for row in plan.not_counted if (violation := _wrong_name(row, graph)) is not None]


def _wrong_name(row: NotCounted, graph: Graph) -> Violation | None:
    """The violation by a name in a row that no tensor of its group has, or by more names than tensors."""
    constant, variable = TensorKind.CONSTANT, TensorKind.VARIABLE
    names: set[str] = set()
    for subgraph in graph.subgraphs:
        ends = {*subgraph.inputs, *subgraph.outputs}
        for t in subgraph.fact(touched) if row.what not in ("scratch", "runtime") else ():
            tensor = subgraph.tensors[t]
            groups = {"weights": tensor.kind is constant, "inputs_outputs": t in ends}
            groups["tensors"] = tensor.kind in (TensorKind.ACTIVATION, variable) and not tensor.sized
            names |= {tensor.name} if groups.get(row.what) else set()
    if row.what in ("scratch", "runtime"):
        names = {op.kind for subgraph in graph.subgraphs for op in subgraph.ops}
    wrong = next((name for name in row.names if name not in names), None)
    if wrong is None and len(row.names) <= row.count:
        return None
    what = f"{brief(wrong)}, which is not one" if wrong is not None else f"{len(row.names)} names for {row.count}"
    return Violation("not counted", f"the plan does not count {row.what} with {what}")


def _weights(plan: Plan, graph: Graph, told: tuple[int, int | None] | None) -> tuple[int, int | None] | None:
    """The number and the bytes of the constants that the plan must list as not counted; None where it must list none.

    A plan with constants has all of known size. One without any lists all, unless none has bytes of a known number.
    """
    sizes, kept = [], []
    for s, subgraph in enumerate(graph.subgraphs):
        for t in subgraph.fact(touched).intersection(subgraph.of_kind(TensorKind.CONSTANT)):
            sizes.append(subgraph.sizes[t])
            stored = graph.stored.get((s, t))
            kept.append(sizes[-1] if stored is None or stored.bytes is None else stored.bytes)
    every = len(sizes), None if None in sizes else sum(size or 0 for size in sizes)
    if plan.constants or (not any(kept) and told != every):
        return (kept.count(None), None) if None in kept else None
    return every if sizes else None
