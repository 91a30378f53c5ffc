"""`tmpass targets`."""

import click

from tmpass.cli.terminal import print_table


@click.group("targets", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """List the built-in targets, or show one with the source of each number.

    \b
    Examples:
        tmpass targets
        tmpass targets show pixel6-tpu
    """
    if ctx.invoked_subcommand is None:
        from tmpass.emit.tables import target_list
        from tmpass.target import load_target, target_names

        print_table(target_list(load_target(name) for name in target_names()))


@command.command("show")
@click.argument("name", metavar="NAME|FILE")
def show(name: str) -> None:
    """Show the memories of a target and where each number comes from.

    \b
    Example:
        tmpass targets show pixel6-tpu
    """
    from tmpass.emit.tables import memory_table
    from tmpass.target import load_target

    target = load_target(name)
    click.echo(f"{target.name}: {target.summary} ({target.standing})")
    print_table(memory_table(target))
