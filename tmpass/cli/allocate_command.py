"""`tmpass allocate`."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from tmpass.base import interrupts
from tmpass.base.record import record
from tmpass.cli.command import Command
from tmpass.cli.complete import complete_allocator
from tmpass.cli.files import read_text, refuse_plan
from tmpass.cli.inputs import refuse_inputs
from tmpass.cli.options import ALLOCATORS, EXIT_CODES, INTERRUPTED, NODES, THREADS, THREADS_HELP, Size
from tmpass.cli.terminal import complain, print_table, progress
from tmpass.cli.values import Bytes
from tmpass.cli.write_files import plain_name, write_whole
from tmpass.packing.problem import MAX_ALIGNMENT

if TYPE_CHECKING:
    from tmpass.packing.allocation import Allocation
    from tmpass.packing.conflict import Conflict
    from tmpass.packing.problem import Problem


@record
class _Asked:
    """The options of the command, by the names of its parameters."""

    capacity: int | None
    alignment: int
    memories: tuple[str, ...]
    minimize: bool
    allocator: str
    policy: str | None
    nodes: int | None
    threads: int
    explain: bool
    as_json: bool
    output: str | None


@click.command("allocate", cls=Command)
@click.argument("problem", metavar="PROBLEM")
@click.option("--capacity", type=Size(), help="Bytes of the memory; without it the least peak is searched for.")
@click.option("--alignment", type=Bytes(1, MAX_ALIGNMENT), default=1, show_default=True, help="Of every offset.")
@click.option(
    "--memory",
    "memories",
    multiple=True,
    metavar="NAME=SIZE[@OFFSET]",
    help="A memory for buffers, sram=512KiB; without an offset it follows the one before. Repeatable.",
)
@click.option("--minimize", is_flag=True, help="Search for the least peak even when a packing fits the capacity.")
@click.option(
    "--allocator", default="auto", show_default=True, metavar="NAME", help=ALLOCATORS, shell_complete=complete_allocator
)
@click.option("--policy", metavar="FILE", help="Where telamalloc goes back to: a file that tmpass learn has written.")
@click.option(
    "--nodes",
    type=NODES,
    help="Budget of the search, in nodes: by default a million, three above 20000 buffers, or twenty where only the "
    "capacity matters; the same again for --explain, by default a million.",
)
@click.option("--threads", type=THREADS, default=1, show_default=True, help=THREADS_HELP)
@click.option("--explain", is_flag=True, help="Name a minimal set of buffers that cannot fit, or that forces the peak.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON, with --explain the conflict too.")
@click.option(
    "--output",
    "-o",
    metavar="FILE",
    help="Write the buffers with their offsets to FILE; - is standard output.",
)
@click.pass_context
def command(ctx: click.Context, /, problem: str, **given: Any) -> None:
    """Place the buffers of PROBLEM, a CSV file with the columns of MiniMalloc.

    \b
    Columns: id, lower, upper (exclusive) or end (inclusive), size; optional
    are alignment, offset (fixed), hint, gaps, memory, share and apart.

    \b
    Example:
        tmpass allocate problem.csv --capacity 1MiB -o solution.csv
        tmpass allocate problem.csv --minimize
        tmpass allocate problem.csv --capacity 512KiB --explain
    """
    from tmpass.packing.allocate import DEFAULT_NODES, allocate
    from tmpass.packing.learning.policy import parse_policy
    from tmpass.packing.problem_csv import read_problem, write_solution
    from tmpass.packing.problem_memories import parse_memories

    asked = _Asked(**given)
    output = asked.output and plain_name(asked.output)
    refuse_inputs([output], [("the problem", problem), ("the policy", asked.policy)])
    spaces = parse_memories(asked.memories, asked.alignment)
    text = read_text(problem)
    refuse_plan(text, problem)
    read = read_problem(text, problem, capacity=asked.capacity, alignment=asked.alignment, memories=spaces)
    policy = None if asked.policy is None else parse_policy(read_text(asked.policy), asked.policy)
    least = asked.minimize or asked.capacity is None
    conflict = None
    with progress(f"allocating {len(read.buffers)} buffers"), interrupts.caught():
        answer = allocate(
            read,
            asked.allocator,
            minimize=least,
            nodes=asked.nodes,
            threads=asked.threads,
            keep=True,
            policy=policy,
        )
    if asked.explain and not answer.stopped and (least or EXIT_CODES[answer.status]):
        answer, conflict = _find_conflict(read, answer, DEFAULT_NODES if asked.nodes is None else asked.nodes)
    code = EXIT_CODES[answer.status]
    if answer.stopped:
        complain("interrupted: the answer is the best so far")
    if output is not None and code == 0:
        write_whole(output, write_solution(read, answer.offsets))
    elif output is not None:
        complain(f"nothing is written to {output}: no packing within the capacity was found")
    aside = output == "-"
    if asked.as_json:
        from tmpass.report.terminal.conflict import to_json

        click.echo(to_json(read, answer, conflict), nl=False, err=aside)
    else:
        click.echo(_line(read, answer), err=aside)
    if asked.explain and not asked.as_json and not answer.stopped:
        _explain(read, answer, conflict, aside)
    ctx.exit(INTERRUPTED if answer.stopped else code)


def _find_conflict(problem: "Problem", answer: "Allocation", nodes: int) -> "tuple[Allocation, Conflict | None]":
    """The conflict, None after Ctrl-C or where there is none, and the answer with what it proves."""
    from tmpass.packing.conflict import find_conflict, settled

    conflict = None
    try:
        with progress(f"explaining {len(problem.buffers)} buffers"), interrupts.caught():
            conflict = find_conflict(problem, answer, nodes=nodes)
    except KeyboardInterrupt:
        answer = replace(answer, stopped=True)
    return settled(answer, conflict), conflict


def _line(problem: "Problem", answer: "Allocation") -> str:
    peak = "no packing" if answer.peak is None else f"peak {answer.peak}"
    if answer.peak is None and answer.lower_bound > problem.reach:
        return f"{answer.status}: no packing at any capacity, {len(problem.buffers)} buffers, {answer.nodes} nodes"
    room = "" if problem.capacity is None else f", capacity {problem.capacity}"
    return (
        f"{answer.status}: {peak}, lower bound {answer.lower_bound}{room}, "
        f"{len(problem.buffers)} buffers, {answer.allocator}, {answer.nodes} nodes"
    )


def _explain(problem: "Problem", answer: "Allocation", conflict: "Conflict | None", aside: bool) -> None:
    from tmpass.report.terminal.conflict import conflict_table, headline, remedy

    if conflict is not None:
        click.echo(headline(problem, conflict), nl=False, err=aside)
        print_table(conflict_table(problem, conflict), err=aside)
        click.echo(remedy(problem, conflict), nl=False, err=aside)
    elif answer.status == "unknown":
        gap = "" if answer.peak is None else f", gap {answer.peak - answer.lower_bound} B"
        click.echo(f"why: not known; neither a packing nor a proof{gap}: more --nodes may help", err=aside)
    else:
        click.echo("why: nothing to explain; --minimize tells what forces the least peak", err=aside)
