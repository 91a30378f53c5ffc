"""`tmpass allocate`."""

import click

from tmpass.cli.files import read_text, write_whole
from tmpass.cli.options import ALLOCATORS, EXIT_CODES, NODES, Size
from tmpass.cli.terminal import progress


@click.command("allocate")
@click.argument("problem", metavar="PROBLEM")
@click.option("--capacity", type=Size(), help="Bytes that there are; without it the least peak is looked for.")
@click.option("--alignment", type=click.IntRange(1, 2**31), default=1, show_default=True, help="Of every offset.")
@click.option(
    "--memory",
    "memories",
    multiple=True,
    metavar="NAME=SIZE[@OFFSET]",
    help="A memory that buffers must be inside, sram=512KiB; it follows the one before. Repeatable.",
)
@click.option("--minimize", is_flag=True, help="Look for the least peak also when a packing fits the capacity.")
@click.option("--allocator", default="auto", show_default=True, help=ALLOCATORS)
@click.option("--nodes", type=NODES, help="Search steps that may be spent.")
@click.option(
    "--output",
    "-o",
    metavar="FILE",
    help="Write the buffers with their offsets to FILE; - is standard output.",
)
@click.pass_context
def command(
    ctx: click.Context,
    problem: str,
    capacity: int | None,
    alignment: int,
    memories: tuple[str, ...],
    minimize: bool,
    allocator: str,
    nodes: int | None,
    output: str | None,
) -> None:
    """Place the buffers of PROBLEM, a CSV file with the columns of MiniMalloc.

    \b
    Columns: id, lower, upper (exclusive) or end (inclusive), size; optional
    are alignment, offset (fixed), hint, gaps, memory, share and apart.

    \b
    Example:
        tmpass allocate problem.csv --capacity 1MiB -o solution.csv
        tmpass allocate problem.csv --minimize
    """
    from tmpass.allocate import DEFAULT_NODES, allocate
    from tmpass.problem_csv import read_problem, write_solution
    from tmpass.problem_memories import parse_memories

    spaces = parse_memories(memories, alignment)
    asked = read_problem(read_text(problem), problem, capacity=capacity, alignment=alignment, memories=spaces)
    with progress(f"allocating {len(asked.buffers)} buffers"):
        answer = allocate(
            asked,
            allocator,
            minimize=minimize or capacity is None,
            nodes=DEFAULT_NODES if nodes is None else nodes,
        )
    code = EXIT_CODES[answer.status]
    if output is not None and code == 0:
        write_whole(output, write_solution(asked, answer.offsets))
    peak = "no packing" if answer.peak is None else f"peak {answer.peak}"
    room = "" if capacity is None else f", capacity {capacity}"
    click.echo(
        f"{answer.status}: {peak}, lower bound {answer.lower_bound}{room}, "
        f"{len(asked.buffers)} buffers, {answer.allocator}, {answer.nodes} nodes",
        err=output == "-",
    )
    ctx.exit(code)
