"""Networks as flat data: the graphs of `../shared/problems/transfers`, in their own order of operators."""

import json
from dataclasses import dataclass
from pathlib import Path

from tmpass.packing.problem import Buffer
from tmpass.planning.residency.candidates import Candidate


@dataclass(frozen=True, slots=True)
class Network:
    """What one operator a step keeps alive, and which weights it uses.

    Fields:
        buffers: of inputs and activations.
        traffic: the bytes of each buffer, times the operators that read it, and once more where one writes it.
        weights: bytes and steps of each weight.
        steps: how many operators there are.
    """

    buffers: tuple[Buffer, ...]
    traffic: tuple[int, ...]
    weights: tuple[tuple[int, tuple[int, ...]], ...]
    steps: int

    @property
    def live(self) -> list[int]:
        """The live bytes of each step."""
        live = [0] * (self.steps + 1)
        for buffer in self.buffers:
            live[buffer.lower] += buffer.size
            live[buffer.upper] -= buffer.size
        for step in range(self.steps):
            live[step + 1] += live[step]
        return live[:-1]

    def candidates(self, memories: int) -> list[Candidate]:
        """The buffers as candidates for any of the first `memories`."""
        anywhere = tuple(range(memories))
        return [Candidate(b, traffic, anywhere) for b, traffic in zip(self.buffers, self.traffic, strict=True)]


def read_network(path: Path) -> Network:
    """The network in one of these files."""
    text = json.loads(path.read_text())
    users: dict[int, list[int]] = {}
    for step, op in enumerate(text["ops"]):
        for tensor in (*dict.fromkeys(op["ins"]), *op["outs"]):
            users.setdefault(tensor, []).append(step)
    buffers, traffic, weights = [], [], []
    for tensor, steps in sorted(users.items()):
        size = text["tensors"][tensor]["size"]
        if text["tensors"][tensor]["kind"] == "param":
            weights.append((size, tuple(steps)))
        else:
            buffers.append(Buffer(str(tensor), steps[0], steps[-1] + 1, size))
            traffic.append(size * len(steps))
    return Network(tuple(buffers), tuple(traffic), tuple(weights), len(text["ops"]))
