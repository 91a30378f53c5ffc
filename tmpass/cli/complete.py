"""Completion in the shell: the names that options take."""

import click
from click.shell_completion import CompletionItem


def complete_target(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of targets that begin with `incomplete`; where none does, files."""
    del ctx, param
    from tmpass.targets import load_target, target_names

    names = [name for name in target_names() if name.startswith(incomplete)]
    found = [CompletionItem(name, help=load_target(name).summary) for name in names]
    return found or [CompletionItem(incomplete, type="file")]


def complete_allocator(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of allocators that begin with `incomplete`."""
    del ctx, param
    from tmpass.packing.allocators import ALLOCATORS

    return [CompletionItem(name) for name in ALLOCATORS if name.startswith(incomplete)]
