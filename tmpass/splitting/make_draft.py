"""The draft of a model with some stages in parts."""

from collections.abc import Iterable

from tmpass.graph.draft import Draft
from tmpass.splitting.along import Along
from tmpass.splitting.builder import Builder
from tmpass.splitting.net import Net
from tmpass.splitting.rewrites.groups import add_groups
from tmpass.splitting.rewrites.patches import add_patches
from tmpass.splitting.stage import Stage


def make_draft(net: Net, stages: Iterable[Stage]) -> Draft | None:
    """The model with `stages` in parts, which do not overlap; None where one cannot be cut so."""
    builder, at = Builder(net), 0
    for stage in sorted(stages, key=lambda stage: stage.first):
        for position in range(at, stage.first):
            builder.keep(net.order[position])
        if not add_stage(builder, stage):
            return None
        at = stage.last + 1
    for position in range(at, len(net.order)):
        builder.keep(net.order[position])
    return builder.finish()


def add_stage(builder: Builder, stage: Stage) -> bool:
    """Add the operators of one stage in parts; False where it cannot be cut so."""
    return add_groups(builder, stage) if stage.along is Along.CHANNELS else add_patches(builder, stage)
