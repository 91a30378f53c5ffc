"""The options of planning, which several commands share, and the plan made with them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tmpass.base.choices import TAIL_ASSUMED, Int8, Io, Objective, OrderMethod, Share, Transfers
from tmpass.base.sizes import MAX_BYTES, parse_size, unit_doubt
from tmpass.cli.complete import complete_allocator, complete_target
from tmpass.cli.files import name_of
from tmpass.cli.settled import targets_left_open
from tmpass.cli.terminal import complain, progress
from tmpass.cli.values import Bytes, Whole, Word
from tmpass.packing.allocators import ALLOCATORS as NAMES
from tmpass.packing.problem import MAX_ALIGNMENT
from tmpass.report.text import clip
from tmpass.settings import TARGET_VARIABLE

if TYPE_CHECKING:
    from tmpass.loading.load import Model
    from tmpass.plans.plan import Plan
    from tmpass.report.model_facts import ModelFacts

F = TypeVar("F", bound=Callable[..., Any])

ASSUMED_TARGET = "pixel6-tpu"
"""That of api/arguments.py, which takes long to import; a test compares them."""

EXIT_CODES = {"optimal": 0, "feasible": 0, "infeasible": 1, "unknown": 4}
"""The exit code for each status of a plan or allocation."""


ALLOCATORS = " or ".join(", ".join(NAMES).rsplit(", ", 1)) + "."

NODES = Whole(0, MAX_BYTES)

THREADS = Whole(1, 256)
THREADS_HELP = "Number of search threads; the answer does not depend on it."

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 + SIGINT, as in shells."""


class Size(click.ParamType):  # type: ignore[type-arg]  # generic only from click 8.4 on
    """A number of bytes: 4096, 4KiB, 1MiB."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The bytes in `value`; a budget that looks like one in KiB gets a warning."""
        del ctx
        name = param.opts[0] if param else "size"
        size = parse_size(value, name)
        if name == "--budget" and (doubt := unit_doubt(str(value), name)):
            complain(f"warning: {doubt}")
        return size


_TARGET = click.option(
    "--target", "-t", envvar=TARGET_VARIABLE, metavar="NAME|FILE", show_envvar=True,
    shell_complete=complete_target,
    help="A profile that `tmpass targets` lists, or a TOML file; else that of the settings file. "
    f"Without any, {ASSUMED_TARGET} is assumed.",
)  # fmt: skip


def planning_options(function: F) -> F:
    """Add the options of planning to a command."""
    return _TARGET(options_without_target(function))


def options_without_target(function: F) -> F:
    """Add the options of planning to a command, but for the target."""
    for option in reversed(
        (
            click.option("--budget", type=Size(), help="Capacity of the scratchpad instead of the target's: 512KiB."),
            click.option("--alignment", type=Bytes(1, MAX_ALIGNMENT),
                         help="Alignment of every offset in bytes, a power of two, instead of the target's."),
            click.option("--bind", multiple=True, metavar="NAME=N",
                         help="Number for a dimension: batch=1, or input:0=1 for axis 0 of `input`. Repeatable."),
            click.option("--io", type=Word(Io), default="arena", show_default=True,
                         help="Inputs and outputs in the arena, or in memory that the caller provides."),
            click.option("--keep-inputs", is_flag=True, help="Keep the inputs intact to the end of the run."),
            click.option("--share", type=Word(Share), default="auto", show_default=True,
                         help="Sharing of storage: all that the target allows, only views such as reshapes, or none."),
            click.option("--no-inplace", "inplace", is_flag=True, flag_value=False, default=True,
                         help="Do not write results over inputs."),
            click.option("--share-io", is_flag=True,
                         help="Let inputs and outputs of the model share storage as other tensors do."),
            click.option("--tie", multiple=True, metavar="OUTPUT=INPUT",
                         help="Put an output of the model at the offset of an input: state, caches. Repeatable."),
            click.option("--allow-unplanned", is_flag=True,
                         help="Leave out tensors of unknown size, and list them."),
            click.option("--schedule", type=Word(OrderMethod), default="auto", show_default=True,
                         help="The order of operators; auto: as in the file, unless another needs a smaller arena."),
            click.option("--states", type=NODES, metavar="N",
                         help="Budget of the search for an order, in states. [default: 200000]"),
            click.option("--allocator", default="auto", show_default=True, metavar="NAME", help=ALLOCATORS,
                         shell_complete=complete_allocator),
            click.option("--nodes", type=NODES, metavar="N",
                         help="Budget of the search for offsets, in nodes. [default: 1000000; "
                         "3000000 for more than 20000 results of operators]"),
            click.option("--scratch", metavar="FILE",
                         help="Scratch of kernels, as `tmpass probe` writes it, or as docs/scratch.md says."),
            click.option("--int8", type=Word(Int8),
                         help="How operators between DequantizeLinear and QuantizeLinear compute: with the integers "
                         "(native) or with floats. By default as the target says."),
            click.option("--transfers", type=Word(Transfers), default="auto", show_default=True,
                         help="Let tensors leave the scratchpad and come back: where the model does not fit otherwise, "
                         "never, or instead of placing them in another memory."),
            click.option("--objective", type=Word(Objective), default="bytes", show_default=True,
                         help="What the plan has the least of: bytes moved, or time by the target's speeds."),
            click.option("--threads", type=THREADS, default=1, show_default=True, help=THREADS_HELP),
        )
    ):  # fmt: skip
        function = option(function)
    return function


def plan_arguments(asked: dict[str, Any]) -> dict[str, Any]:
    """The arguments of tmpass.plan for the options of a command."""
    from tmpass.graph.binding import parse_bindings
    from tmpass.planning.ordering.least_peak import DEFAULT_STATES

    states = DEFAULT_STATES if asked["states"] is None else asked["states"]
    scratch = () if asked["scratch"] is None else asked["scratch"]
    return {**asked, "bind": parse_bindings(asked["bind"]), "states": states, "scratch": scratch}


def make_plan(model: "str | bytes", asked: dict[str, Any]) -> "tuple[Plan, Model]":
    """Plan a model with the options of a command, and print the warnings on standard error.

    Args:
        model: a path, or the bytes of a file.
        asked: the options.

    Returns:
        The plan, and the model as it was read for it.
    """
    from tmpass.api.plan import plan
    from tmpass.loading.load import load_to_plan

    arguments = plan_arguments(asked)
    with progress(f"planning {name_of(model)}"):
        loaded = load_to_plan(model, arguments["bind"])
        made = plan(loaded, **arguments, keep=True)
    complain_of(made)
    return made, loaded


def load_again(model: "str | bytes", asked: dict[str, Any]) -> "Model":
    """The file `model` as planning reads it, for what is made beside its plan."""
    from tmpass.graph.binding import parse_bindings
    from tmpass.loading.load import load_to_plan

    return load_to_plan(model, parse_bindings(asked["bind"]))


def plan_before(loaded: "Model", asked: dict[str, Any]) -> "Plan":
    """The plan to compare with: the order of the file, largest tensor first, no sharing.

    A file whose order cannot run is sorted topologically.
    """
    from tmpass.api.plan import plan
    from tmpass.planning.ordering.file_order import unsorted

    with progress(f"planning {loaded.info.file} to compare with"):
        schedule = OrderMethod.TOPOLOGICAL if any(map(unsorted, loaded.graph.subgraphs)) else OrderMethod.GIVEN
        simple = {
            "schedule": schedule,
            "share": Share.NONE,
            "allocator": "greedy-by-size",
            "transfers": Transfers.NEVER,
            "objective": Objective.BYTES,
        }
        return plan(loaded, **{**plan_arguments(asked), **simple})  # an interrupted plan would be no comparison


def model_facts(made: "Plan", loaded: "Model", asked: dict[str, Any], *, curve: bool) -> "ModelFacts":
    """What the model says beside its plan `made`, with the curve of the plan if that is asked for."""
    from tmpass.explanation.capacity_curve import curve_of
    from tmpass.report.model_facts import ModelFacts

    if not curve:
        return ModelFacts(loaded.graph)
    with progress(f"planning {loaded.info.file} at other sizes"):
        return ModelFacts(loaded.graph, curve_of(made, loaded, asked["target"]))


def make_planned_model(
    model: "str | bytes", asked: dict[str, Any]
) -> "tuple[Plan, Model, bytes | None, tuple[str, ...]]":
    """Plan a model, and put the plan into it.

    A plan that it has already is removed first: planning twice gives the same as planning once.

    Returns:
        The plan, the model as it was read for it, the planned file or None where the plan does not fit, and the files
        with weights that it needs.
    """
    from tmpass.api.plan import plan
    from tmpass.api.planned_model import put_into
    from tmpass.loading.carrier import load_carrier, open_carrier

    arguments = plan_arguments(asked)
    with progress(f"planning {name_of(model)}"):
        carrier = open_carrier(model)
        loaded = load_carrier(carrier, arguments["bind"])
        made = plan(loaded, **arguments, keep=True)
        moved = made.transfers is not None and arguments["transfers"] == Transfers.AUTO
        if moved:
            # The file of a model has one place for each tensor.
            made = plan(loaded, **{**arguments, "transfers": Transfers.NEVER}, keep=True)
        data = put_into(made, carrier, loaded.graph) if made.fits else None
    complain_of(made)
    if moved and not made.fits:
        complain("the model fits with transfers only, which its file cannot hold: -o plan.json holds them")
    return made, loaded, data, carrier.other_files


def complain_of_target(made: "Plan") -> None:
    """Say on standard error that the target of a plan is assumed, where it is; the summary says so itself."""
    if made.target.assumed:
        hint = f"give --target, {TARGET_VARIABLE} or a target in tmpass.toml"
        why = targets_left_open()
        complain(f"no target was given, {made.target.name} is assumed{f' ({why})' * bool(why)}; {hint}")


def complain_of(made: "Plan") -> None:
    """Print the warnings of a plan, and the tensors that it does not place, on standard error."""
    for warning in made.warnings:
        complain(f"warning: {warning}")
    first = made.memories[0]
    # With half the bytes of a pointer, the tail has at most half as many less.
    if first.overhead_source == TAIL_ASSUMED and 0 < first.shortfall <= first.overhead // 2:
        what = f"what {made.target.runtime} takes is for a size of pointers that is assumed"
        complain(f"{what}: `word` in the profile says it; with 4 bytes it takes less")
    if made.options.share_io and made.options.io == Io.EXTERNAL:
        complain("warning: --share-io has no effect on inputs and outputs with --io external")
    unplanned = [t for t in made.tensors if t.role == "unplanned"]
    for t in unplanned[:8]:
        complain(f"not planned: tensor {t.index} {clip(t.name)!r} of subgraph {t.subgraph}: {t.reason}")
    if len(unplanned) > 8:
        complain(f"not planned: {len(unplanned) - 8} more tensors; --json lists them")
