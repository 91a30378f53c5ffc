"""The operators of a model that a runtime has no kernel for, as far as that is known."""

from collections.abc import Collection, Iterator

from tmpass.base.record import record
from tmpass.graph.model import ABSENT, Graph, Op, Subgraph, Tensor, TensorKind
from tmpass.targets.kernel_scales import wrong_scales
from tmpass.targets.kernel_shapes import wrong_shape
from tmpass.targets.kernel_types import TRIED, Kernels
from tmpass.targets.runtime import Runtime
from tmpass.targets.sharing import CUSTOM, EVERY
from tmpass.targets.target import Target


@record
class Fault:
    """Why the kernels of a runtime do not run an operator.

    Fields:
        text: what follows the operator's kind in a message, such as "of uint8"; empty if no kernel has its kind.
        known: whether this was seen; otherwise nothing is known of such operators.
        takes: what the kernels take instead; empty where there are none.
    """

    text: str
    known: bool = True
    takes: str = ""


def find_not_run(graph: Graph, target: Target) -> Iterator[tuple[int, int, Fault]]:
    """The operators that the runtime of `target` does not run, or is not known to run: (subgraph, operator, fault).

    There are none where nothing is known of its kernels, or where it does not read models of this format.

    Args:
        graph: of the model, bound.
        target: whose own kernels, `target.kernels`, run what they are named for.

    Complexity: linear in the operators.
    """
    return find_not_run_by(graph, target.runtime, target.kernels)


def find_not_run_by(graph: Graph, runtime: Runtime, own: Collection[str] = ()) -> Iterator[tuple[int, int, Fault]]:
    """What `find_not_run` returns, for a runtime, and the kinds of operators that have kernels of the device's own."""
    if runtime.kernels is None or graph.format not in runtime.reads or EVERY in own:
        return
    kernels = runtime.kernels()
    for s, subgraph in enumerate(graph.subgraphs):
        tensors = subgraph.tensors
        for index, op in enumerate(subgraph.ops):
            known = None if op.custom else kernels.get(op.kind)
            if known is not None and not known.absent and known.most is None:
                # The usual case, for which nothing else is looked at.
                try:
                    types = tuple([tensors[op.inputs[at]].dtype.name for at in known.inputs])
                    if known.output:
                        types = (*types, tensors[op.outputs[0]].dtype.name)
                except IndexError:  # an operator that lacks what its kind has
                    continue
                if (
                    (not known.taken or types in known.taken)
                    and (known.axes is None or not _deep(tensors[op.inputs[0]], known))
                    and not (known.int32 and _long(op, subgraph, known))
                    and not (known.stored and _computed(op, subgraph, known))
                    and not (known.scaled and wrong_scales(op, tensors))
                    and not (known.shaped and wrong_shape(op, tensors))
                ):
                    continue
            fault = _fault(op, subgraph, known, runtime.custom_kernels)
            if fault is not None and (CUSTOM + op.kind if op.custom else op.kind) not in own:
                yield s, index, fault


def _fault(op: Op, subgraph: Subgraph, known: Kernels | None, custom: frozenset[str]) -> Fault | None:
    if op.custom:
        return None if op.kind in custom else Fault("", known=False)
    if known is None:
        from tmpass.targets.kinds import known_kinds  # which few models need

        return Fault("", known=op.kind in known_kinds())
    given = [subgraph.tensors[t] for t in op.inputs if t != ABSENT]
    if any(at < len(op.inputs) and op.inputs[at] != ABSENT for at in known.absent):
        return Fault("with peephole connections, projection or layer normalisation", takes="none of these")
    if any(at >= len(op.inputs) or op.inputs[at] == ABSENT for at in known.present):
        return Fault("without weights or biases of a gate", takes="those of all four gates")
    if long := _long(op, subgraph, known):
        return Fault(f"with int64 as input {long[0]}", takes="int32 there")
    if known.most is not None and len(given) > known.most:
        return Fault(f"of {len(given)} inputs", takes=f"at most {known.most}")
    if given and _deep(given[0], known):
        most = known.most_axes(given[0].dtype.name)
        return Fault(f"of {len(given[0].shape or ())} axes", takes=f"at most {most}")
    found = _wrong_types(op, subgraph, known)
    if found is not None:
        return found
    if computed := _computed(op, subgraph, known):
        return Fault(f"with input {computed[0]} computed", takes="a constant there")
    wrong = wrong_shape(op, subgraph.tensors) if known.shaped else None
    wrong = wrong_scales(op, subgraph.tensors) if wrong is None and known.scaled else wrong
    return Fault(wrong[0], takes=wrong[1]) if wrong is not None else None


def _deep(tensor: Tensor, known: Kernels) -> bool:
    """Whether an inputs[0] has more axes than the kernel takes."""
    most = known.most_axes(tensor.dtype.name)
    return most is not None and tensor.shape is not None and len(tensor.shape) > most


def _computed(op: Op, subgraph: Subgraph, known: Kernels) -> list[int]:
    """The positions of inputs that are not constants where the kernel needs them before the first run."""
    read = [(at, op.inputs[at]) for at in known.stored if at < len(op.inputs)]
    return [at for at, t in read if t != ABSENT and subgraph.tensors[t].kind is not TensorKind.CONSTANT]


def _long(op: Op, subgraph: Subgraph, known: Kernels) -> list[int]:
    """The positions of inputs that are int64 where the kernel takes int32."""
    read = [(at, op.inputs[at]) for at in known.int32 if at < len(op.inputs)]
    return [at for at, t in read if t != ABSENT and subgraph.tensors[t].dtype.name == "int64"]


def _wrong_types(op: Op, subgraph: Subgraph, known: Kernels) -> Fault | None:
    if any(at >= len(op.inputs) or op.inputs[at] == ABSENT for at in known.inputs) or not op.outputs:
        return None
    read = tuple(subgraph.tensors[op.inputs[at]].dtype.name for at in known.inputs)
    made = (subgraph.tensors[op.outputs[0]].dtype.name,) if known.output else ()
    if not known.taken or (*read, *made) in known.taken:
        return None
    text = f"of {_show((*read, *made), known)}"
    return Fault(text, TRIED.issuperset((*read, *made)), ", ".join(sorted(_show(row, known) for row in known.taken)))


def _show(types: tuple[str, ...], known: Kernels) -> str:
    if known.output:
        return " to ".join(types)
    return types[0] if len(set(types)) == 1 else f"{types[0]} with {types[1]} weights"
