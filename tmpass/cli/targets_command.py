"""`tmpass targets`."""

import click

from tmpass.cli.command import write_exit_codes
from tmpass.cli.terminal import print_table

AS_JSON = "Print all numbers and rules with their sources as JSON."


class _Targets(click.Group):
    """The command with its subcommand; the name of a target alone shows that target."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None:
            args = ["show", *args]
        return super().resolve_command(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the exit codes to the end of the help."""
        del ctx
        write_exit_codes("targets", formatter)


@click.group("targets", cls=_Targets, invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help=AS_JSON)
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """List the built-in targets, or show one, NAME|FILE, with the source of each number.

    \b
    Examples:
        tmpass targets
        tmpass targets pixel6-tpu
        tmpass targets --json
        tmpass targets --json pixel6-tpu
    """
    if ctx.invoked_subcommand is not None:
        ctx.obj = as_json
        return
    from tmpass.targets import load_target, target_names

    targets = [load_target(name) for name in target_names()]
    if as_json:
        from tmpass.report.json.target import targets_json

        click.echo(targets_json(targets), nl=False)
    else:
        from tmpass.report.terminal.tables import target_list

        print_table(target_list(targets))


@command.command("show")
@click.argument("name", metavar="NAME|FILE")
@click.option("--json", "as_json", is_flag=True, help=AS_JSON)
@click.pass_context
def show(ctx: click.Context, name: str, as_json: bool) -> None:
    """Show the memories of a target and the sharing that its runtime allows, with the source of each number.

    \b
    Example:
        tmpass targets show pixel6-tpu
    """
    from tmpass.targets import load_target

    target = load_target(name)
    if as_json or ctx.obj:  # `targets --json NAME` as well
        from tmpass.report.json.target import target_json

        click.echo(target_json(target), nl=False)
        return
    from tmpass.report.terminal.tables import memory_table, runtime_line, scratch_table, sharing_table
    from tmpass.report.text import one_line

    click.echo(f"{target.name}: {target.summary} ({target.standing})")
    if target.consumer:
        click.echo(one_line(f"used by  {target.consumer}"))
    if target.runtime.name:
        click.echo(one_line(runtime_line(target)))
    print_table(memory_table(target))
    print_table(sharing_table(target))
    if target.int8_source:
        click.echo(one_line(f"int8  {target.int8}  ({target.int8_source})"))
    if target.word_origin:
        click.echo(one_line(f"word  {target.word} B  ({target.word_origin})"))
    if target.macs_per_second is not None:
        rate = f"macs_per_second  {target.macs_per_second:.4g}"
        click.echo(one_line(f"{rate}  ({target.sources.get('macs_per_second', '')})"))
    if "prefetch" in target.sources:
        overlap = "yes" if target.prefetch else "no"
        click.echo(one_line(f"prefetch  {overlap}  ({target.sources['prefetch']})"))
    if target.kernels:
        source = target.sources.get("kernels", "")
        click.echo(one_line(f"kernels  {', '.join(target.kernels)}  ({source})"))
    if target.scratch:
        print_table(scratch_table(target))
