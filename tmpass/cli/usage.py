"""Texts of errors on the command line itself: unknown commands and options, missing values."""

import re
from collections.abc import Sequence

import click

from tmpass.base.errors import brief
from tmpass.base.nearest import nearest

_ENOUGH = 4
"""Letters of a word that says which option is meant, as --trips for --execute-trips."""

_QUOTED = r"""(?<!\w)(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")(?!\w)"""
_NOT_BEFORE = r"""(?<![\w'"/:.-])"""
_NOT_AFTER = r"""(?![\w'"/-]|[:.]\S)"""
"""What is not beside the name of an option: there it is a part of the name of a tensor or of a file."""


def usage_text(error: click.ClickException) -> str:
    """Click's message, which may have several lines, in the form of tmpass's own errors."""
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    if isinstance(error, click.NoSuchOption) and ctx is not None:
        return _no_such_option(error.option_name, ctx)
    what = " ".join(error.format_message().split()).rstrip(".")
    return what[:1].lower() + what[1:] + (f"; try {ctx.command_path} --help" if ctx else "")


def name_options(text: str, command: click.Command) -> str:
    """`text` of an error with options of `command` in the place of what Python calls them: --max-macs for max_macs.

    A name of one word may be any word: it counts only before a value of the option in quotes, as in io 'external'.
    What is in quotes otherwise, or part of a path, is the user's, and stays as it is.
    """
    typed, plain, pairs = {}, [], []
    for param in command.params:
        if not isinstance(param, click.Option) or not param.name:
            continue
        typed[param.name] = max(param.opts, key=len)
        if "_" in param.name:
            plain.append(param.name)
        elif isinstance(param.type, click.Choice):
            pairs.append(f"{param.name} '(?:{'|'.join(map(re.escape, param.type.choices))})'")

    def named(found: re.Match[str]) -> str:
        name, _, value = found[0].partition(" ")
        return f"{typed[name]} {value.strip(chr(39))}".rstrip() if found["own"] else found[0]

    own = "|".join([*pairs, *(rf"{name}{_NOT_AFTER}" for name in plain)])
    return re.sub(rf"{_QUOTED}|{_NOT_BEFORE}(?P<own>{own})", named, text) if own else text


def no_such_command(name: str, commands: Sequence[str], rest: Sequence[str], ctx: click.Context) -> click.UsageError:
    """The error for a command that is not there: the nearest one, or `plan` for the path of a model.

    Args:
        name: the word in the place of a command.
        commands: all commands.
        rest: the words behind it.
        ctx: of the group.
    """
    from tmpass.loading.registry import names_model

    if name == "help":
        path = " ".join([ctx.command_path, *rest[:1]])
        return click.UsageError(f"no such command {brief(name)}: write {path} --help")
    if names_model(name):
        return click.UsageError(f"{brief(name)} is a model, not a command: write {ctx.command_path} plan {name}")
    near = nearest(name.lower(), commands)
    what = f"no such command {brief(name)}"
    if not near:
        return click.UsageError(what, ctx)
    return click.UsageError(f"{what}; did you mean {near}? {ctx.command_path} --help lists all")


def _no_such_option(name: str, ctx: click.Context) -> str:
    """The error for an option that a command does not have: the nearest one of it, or one that has the word in it."""
    known = [option for param in ctx.command.get_params(ctx) for option in (*param.opts, *param.secondary_opts)]
    words = {option.lstrip("-"): option for option in known if option.startswith("--")}
    word = name.lstrip("-").lower()
    holding = [option for plain, option in words.items() if len(word) >= _ENOUGH and word in plain.split("-")]
    close = nearest(word, words).strip("'")
    close = close if close[:1] == word[:1] else ""  # --share is not what --arena was meant to be
    near = holding[0] if holding else words.get(close, "")
    if not near:
        return f"no such option {brief(name)}; try {ctx.command_path} --help"
    return f"no such option {brief(name)}; did you mean '{near}'? {ctx.command_path} --help lists all"
