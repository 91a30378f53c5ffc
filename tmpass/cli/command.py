"""The class of the commands: options in groups, and none given twice where it takes one value."""

import os

import click

from tmpass.base.errors import ModelError, TmpassError
from tmpass.cli.exit_codes import rows
from tmpass.cli.usage import name_options

SETTINGS = "tmpass.settings"
"""Key of a context's `meta`: which options come from which settings file, in words."""

TARGETS = "tmpass.targets"
"""Key of a context's `meta`: why the settings file leaves a target open, in words."""

GROUPS = {
    "Device": ("target", "budget", "alignment", "scratch", "int8"),
    "Model": ("bind", "io", "keep_inputs", "tie", "allow_unplanned"),
    "Sharing": ("share", "inplace", "share_io"),
    "Search": ("schedule", "states", "allocator", "policy", "nodes", "threads", "transfers", "objective"),
    "Execution": ("execute", "inputs", "trips", "seconds", "max_bytes"),
}
"""Title of a group in the help -> the parameters in it. The others come last, as Options."""

MORE = {"plan": "it takes one model: tmpass fleet plans several"}
"""Command -> what to do where there are more arguments than it takes."""

SIZES = ("size", "growth", "bytes")
"""Names of the types of options whose values have units."""

UNITS = (
    "Bytes, or a number with a unit: B, KiB, MiB, GiB (powers of 1024), kB, MB, GB (powers of 1000). "
    "Examples: 4096, 4KiB, 1.5MiB. More: docs/units.md."
)

FEWEST = 6
"""With fewer options the help has no groups."""


class Command(click.Command):
    """A command each of whose options may be given once, unless it says that it is repeatable."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options to the help, those that belong together under one title."""
        records = [(param.name, record) for param in self.get_params(ctx) if (record := param.get_help_record(ctx))]
        grouped = GROUPS if len(records) > FEWEST else {}
        for title, names in grouped.items():
            if chosen := [record for name, record in records if name in names]:
                with formatter.section(title):
                    formatter.write_dl(chosen)
        known = {name for names in grouped.values() for name in names}
        with formatter.section("Options"):
            formatter.write_dl([record for name, record in records if name not in known])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write to the end of the help how sizes are written, if the command takes any, and the exit codes."""
        if any(param.type.name in SIZES for param in self.get_params(ctx)):
            with formatter.section("Sizes"):
                formatter.write_text(UNITS)
        write_exit_codes(self.name or "", formatter)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command. An error says which options come from a settings file, where the user does not see them."""
        try:
            return super().invoke(ctx)
        except TmpassError as error:
            _target_for_model(error, ctx)
            _name_as_typed(error, ctx)
            error.what, error.hint = (name_options(text, ctx.command) for text in (error.what, error.hint))
            if given := ctx.meta.get(SETTINGS):
                error.hint = f"{error.hint}; {given}" if error.hint else given
            raise

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as click does.

        Raises:
            click.UsageError: an option with one value is given twice, or there are more arguments than are taken.
        """
        if ctx.resilient_parsing:  # while the shell completes a line
            return super().parse_args(ctx, args)
        values, rest, given = self.make_parser(ctx).parse_args(args=list(args))
        seen: set[click.Parameter] = set()
        for param in given:
            single = isinstance(param, click.Option) and not (param.multiple or param.is_flag or param.count)
            if single and param in seen:
                raise click.UsageError(f"{max(param.opts, key=len)} is given twice: give it once", ctx)
            seen.add(param)
        if rest and self.name in MORE:
            from tmpass.targets import target_names

            target = f"; the target {values['model']} is given by -t" if values.get("model") in target_names() else ""
            raise click.UsageError(f"got {rest[0]!r} as well: {MORE[self.name]}{target}", ctx)
        return super().parse_args(ctx, args)


def write_exit_codes(command: str, formatter: click.HelpFormatter) -> None:
    """Write the exit codes of `command` to its help."""
    if codes := rows(command):
        with formatter.section("Exit codes, as docs/exit-codes.md explains them"):
            formatter.write_dl(codes)


def _target_for_model(error: TmpassError, ctx: click.Context) -> None:
    """Say of a missing model that has the name of a target that it is one."""
    model = ctx.params.get("model")
    if not isinstance(error, ModelError) or error.where != model or os.path.exists(model):
        return
    from tmpass.targets import target_names

    if model in target_names():
        error.what, error.hint = "it is a target, not a model", f"give a model, and the target by -t {model}"


def _name_as_typed(error: TmpassError, ctx: click.Context) -> None:
    """Put the path of an argument in the place of the file's name alone, with which the place of `error` begins."""
    given = [ctx.params.get(param.name or "") for param in ctx.command.params if isinstance(param, click.Argument)]
    paths = [path for value in given for path in (value if isinstance(value, tuple) else (value,))]
    name, colon, rest = error.where.partition(": ")
    typed = {path for path in paths if isinstance(path, str) and os.path.basename(path) == name}
    if name and len(typed) == 1:
        error.where = typed.pop() + colon + rest
