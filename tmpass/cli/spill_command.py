"""`tmpass spill`."""

from typing import TYPE_CHECKING, Any

import click

from tmpass.base import interrupts
from tmpass.base.choices import SpillOrder
from tmpass.base.errors import UsageError
from tmpass.cli.command import Command
from tmpass.cli.files import read_text, refuse_plan
from tmpass.cli.inputs import refuse_inputs
from tmpass.cli.options import EXIT_CODES, INTERRUPTED, Size
from tmpass.cli.terminal import complain, print_table, progress
from tmpass.cli.values import Bytes, Whole, Word
from tmpass.cli.write_files import plain_name, write_whole
from tmpass.packing.problem import MAX_ALIGNMENT
from tmpass.planning.residency.transfers.methods import METHODS

if TYPE_CHECKING:
    from tmpass.planning.residency.transfers.least_scratchpad import LeastScratchpad
    from tmpass.planning.residency.transfers.problem import TransferPlan, TransferProblem


@click.command("spill", cls=Command)
@click.argument("graph", metavar="GRAPH")
@click.option("--capacity", type=Size(), help="Bytes of the scratchpad: 512KiB.")
@click.option("--least-scratchpad", is_flag=True, help="Find the least capacity for transfers of --cost instead.")
@click.option("--cost", type=Size(), help="Bytes that may be moved with --least-scratchpad.  [default: 0]")
@click.option("--alignment", type=Bytes(1, MAX_ALIGNMENT), default=1, show_default=True, help="Of every address.")
@click.option(
    "--order",
    type=Word(SpillOrder),
    default="free",
    show_default=True,
    help="Keep the order of the operators, or choose it; belady and greedy choose the order of least peak.",
)
@click.option(
    "--residency",
    default="auto",
    show_default=True,
    help="Who leaves the scratchpad, and when; auto is exact. Others: " + ", ".join(list(METHODS)[1:]) + ".",
)
@click.option(
    "--parameters",
    type=Word(("yes", "no")),
    default="yes",
    show_default=True,
    help="Whether parameters are in the scratchpad while an operator reads them.",
)
@click.option("--nodes", type=Whole(0, 2**40), help="Budget of the search, in steps. [default: 2000000]")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--output", "-o", metavar="FILE", help="Write order and episodes as JSON to FILE; - is standard output.")
@click.pass_context
def command(ctx: click.Context, /, graph: str, output: str | None, **given: Any) -> None:
    """Plan which tensors leave the scratchpad and come back, for GRAPH, a JSON file of operators and tensors.

    The cost is what crosses between the scratchpad and the memory behind it, besides the first loads of inputs and
    parameters and the stores of outputs, which every run has. docs/transfers.md describes the file.

    \b
    Example:
        tmpass spill graph.json --capacity 512KiB
        tmpass spill graph.json --capacity 512KiB --order given -o plan.json
        tmpass spill graph.json --least-scratchpad --cost 64KiB
    """
    from tmpass.planning.residency.transfers.problem_json import read_transfer_problem, write_transfer_plan
    from tmpass.report.terminal.transfers import least_summary, transfer_json, transfer_summary

    output = output and plain_name(output)
    refuse_inputs([output], [("the graph", graph)])
    _refuse_mixed(given)
    text = read_text(graph)
    refuse_plan(text, graph)
    problem = read_transfer_problem(
        text,
        graph,
        capacity=given["capacity"] or 0,
        alignment=given["alignment"],
        parameters=given["parameters"] == "yes",
    )
    order = SpillOrder(given["order"])
    least: LeastScratchpad | None = None
    if given["least_scratchpad"]:
        least = _least(problem, order, given["cost"] or 0, given["nodes"])
        problem, plan = least.problem, least.plan
    else:
        plan = _plan(problem, order, given["residency"], given["nodes"])
    code = EXIT_CODES[plan.status]
    if plan.stopped:
        complain("interrupted: " + ("no plan was found yet" if code else "the answer is the best so far"))
    if output is not None and code == 0:
        write_whole(output, write_transfer_plan(problem, plan))
    elif output is not None:
        complain(f"nothing is written to {output}: no plan within the capacity was found")
    aside = output == "-"
    if given["as_json"]:
        click.echo(transfer_json(problem, plan, order, least), nl=False, err=aside)
    else:
        if least is not None:
            click.echo(least_summary(least, order), nl=False, err=aside)
        click.echo(transfer_summary(problem, plan, order), nl=False, err=aside)
        _print_travels(problem, plan, aside)
    ctx.exit(INTERRUPTED if plan.stopped else code)


def _plan(problem: "TransferProblem", order: SpillOrder, residency: str, nodes: int | None) -> "TransferPlan":
    from tmpass.api.spill import spill

    with progress(f"planning transfers of {len(problem.operators)} operators"), interrupts.caught():
        return spill(problem, order=order, residency=residency, nodes=nodes, keep=True)


def _least(problem: "TransferProblem", order: SpillOrder, cost: int, nodes: int | None) -> "LeastScratchpad":
    from tmpass.api.spill import least_scratchpad

    with progress(f"looking for the least scratchpad of {len(problem.operators)} operators"), interrupts.caught():
        return least_scratchpad(problem, cost=cost, order=order, nodes=nodes, keep=True)


def _refuse_mixed(given: dict[str, Any]) -> None:
    """Refuse options of which one has no use for the other.

    Raises:
        UsageError: there are such options.
    """
    if given["least_scratchpad"]:
        if given["capacity"] is not None:
            raise UsageError("--least-scratchpad finds the capacity", hint="leave out --capacity")
        if given["residency"] != "auto":
            raise UsageError("--least-scratchpad needs the exact method", hint="leave out --residency")
    elif given["cost"] is not None:
        raise UsageError("--cost has no effect without --least-scratchpad", hint="leave it out, or add that")
    elif given["capacity"] is None:
        raise UsageError("the capacity is missing", hint="give --capacity SIZE, or --least-scratchpad")


def _print_travels(problem: "TransferProblem", plan: "TransferPlan", aside: bool) -> None:
    """The table of the tensors that come back, after an empty line."""
    from tmpass.report.terminal.transfers import travel_table

    if (found := travel_table(problem, plan)) is not None:
        table, more = found
        click.echo(err=aside)
        print_table(table, err=aside)
        if more:
            click.echo(f"and {more} more", err=aside)
