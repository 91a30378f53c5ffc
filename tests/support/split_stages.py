"""Ways to cut the operators of a net: all of them, or drawn ones."""

from tmpass.splitting.stage import Stage
from tmpass.splitting.ways import cuts, edges, ways


def all_stages(net):
    """All ways to cut each run of operators."""
    for first in range(len(net.order)):
        for last in range(first, len(net.order)):
            if net.layer(last) is None:
                break
            result = net.result(first, last)
            for along in ways(net, first, last, result) if result is not None else ():
                for bounds in cuts(net, Stage(first, last, along, ()), result):
                    for carry, padded in edges(net, Stage(first, last, along, bounds), len(bounds) - 1):
                        yield Stage(first, last, along, bounds, carry, padded)


def drawn_stages(net, rng, count):
    """Some of them, drawn by `rng`."""
    found = list(all_stages(net))
    return rng.sample(found, min(count, len(found)))


def drawn_choice(net, rng, count):
    """Stages that do not overlap, of `count` that are drawn."""
    choice, at = [], 0
    for stage in sorted(drawn_stages(net, rng, count), key=lambda one: one.first):
        if stage.first >= at:
            choice.append(stage)
            at = stage.last + 1
    return tuple(choice)
