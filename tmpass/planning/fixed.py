"""Options and offsets that the file fixes: what contradicts them is an error."""

from collections.abc import Mapping, Sequence

from tmpass.base.choices import Io, OrderMethod
from tmpass.base.errors import ModelError, UsageError, brief
from tmpass.graph.binding import resized_hint
from tmpass.graph.model import Graph
from tmpass.plans.plan import Options


def check_fixed(graph: Graph, options: Options, alignment: int) -> None:
    """Raise where options contradict the offsets that the file fixes.

    Args:
        graph: bound.
        options: of the plan.
        alignment: in bytes, of every offset on the target.

    Raises:
        UsageError: an option asks for another order, or for other places of inputs and outputs.
        ModelError: an offset is not a multiple of `alignment`, or sizes differ from those of the file.
    """
    if not graph.fixed:
        return
    wishes: Mapping[str, object] = {
        f"schedule {options.schedule!r}": options.schedule not in (OrderMethod.AUTO, OrderMethod.GIVEN),
        "io 'external'": options.io == Io.EXTERNAL,
        "keep_inputs": options.keep_inputs,
        "a tie": options.tie,
    }
    asked = next((wish for wish, is_asked in wishes.items() if is_asked), "")
    if asked:
        what = f"{asked} is asked for, but the file fixes the order and the offsets of {len(graph.fixed)} tensors"
        raise UsageError(what, hint="leave it out, or plan the model before it was compiled")
    if graph.resized:
        fault = f"the file fixes offsets for its own sizes: {graph.resized[0]}"
        raise ModelError(fault, hint=resized_hint(graph, options.bind))
    for key, offset in sorted(graph.fixed.items()):
        if offset % alignment and graph.tensor(key).bytes:
            fault = (
                f"the file fixes {brief(graph.tensor(key).name)} at {offset}, and offsets are multiples of {alignment}"
            )
            raise ModelError(fault, hint="give the alignment of the file's compiler as --alignment")


def fixed_note(graph: Graph) -> Sequence[str]:
    """One line on what the file fixes; none where it fixes nothing."""
    if not graph.fixed:
        return ()
    one = len(graph.fixed) == 1
    held = "1 tensor is at the offset" if one else f"{len(graph.fixed)} tensors are at the offsets"
    return (f"{held} that the file fixes, since commands of its operators hold addresses: order and offsets are kept",)
