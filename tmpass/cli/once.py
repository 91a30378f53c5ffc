"""Commands that refuse an option given twice where it takes one value: the first value would be lost."""

import click


class Command(click.Command):
    """A command each of whose options may be given once, unless it says that it is repeatable."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as click does.

        Raises:
            click.UsageError: an option with one value is given twice.
        """
        if ctx.resilient_parsing:  # while the shell completes a line
            return super().parse_args(ctx, args)
        _, _, given = self.make_parser(ctx).parse_args(args=list(args))
        seen: set[click.Parameter] = set()
        for param in given:
            single = isinstance(param, click.Option) and not (param.multiple or param.is_flag or param.count)
            if single and param in seen:
                raise click.UsageError(f"{max(param.opts, key=len)} is given twice: give it once", ctx)
            seen.add(param)
        return super().parse_args(ctx, args)
