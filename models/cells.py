"""Networks found by search, whose cells have many orders: what the order of operators is tried on.

    python models/cells.py FOLDER      write them there as ONNX; they are too large and too many to be kept

Their weights are zeros: an order depends on shapes alone. After the published cells of NASNet-A (Zoph et al., CVPR
2018) and DARTS (Liu et al., ICLR 2019), the random wiring of RandWire (Xie et al., ICCV 2019), and cells drawn at
random with operators as in DARTS, as irregular as SwiftNet's in "Ordering Chaos" (Ahn et al., MLSys 2020).
"""

import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
from onnx import NodeProto, helper
from onnx_writer import value, write_onnx

SIDE = 28
CHANNELS = 16


class Net:
    """Grows node by node; each method returns the name of what it adds, an image of CHANNELS or `channels`."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: dict[str, np.ndarray] = {}
        self.channels = {"image": CHANNELS}

    def add(self, kind: str, inputs: list[str], channels: int, **attributes: Any) -> str:
        """Any operator that keeps height and width."""
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        self.channels[name] = channels
        return name

    def conv(self, source: str, side: int, channels: int = CHANNELS, *, depthwise: bool = False) -> str:
        """A convolution, the input padded so that its height and width stay."""
        inner = 1 if depthwise else self.channels[source]
        weights = f"w{len(self.constants)}"
        self.constants[weights] = np.zeros((channels, inner, side, side), np.float32)
        group = channels if depthwise else 1
        pads = [side // 2] * 4
        return self.add("Conv", [source, weights], channels, kernel_shape=[side, side], pads=pads, group=group)

    def squeeze(self, source: str) -> str:
        """ReLU and a 1x1 convolution: back to CHANNELS."""
        return self.conv(self.add("Relu", [source], self.channels[source]), 1)

    def separable(self, source: str, side: int, times: int = 2) -> str:
        """ReLU, depthwise and 1x1 convolution, as often as `times` says."""
        for _ in range(times):
            relu = self.add("Relu", [source], self.channels[source])
            source = self.conv(self.conv(relu, side, self.channels[relu], depthwise=True), 1)
        return source

    def average(self, source: str) -> str:
        """Average pooling over 3x3."""
        return self.add("AveragePool", [source], CHANNELS, kernel_shape=[3, 3], pads=[1] * 4)

    def sum(self, *sources: str) -> str:
        """Two or more added up."""
        total, *rest = sources
        for other in rest:
            total = self.add("Add", [total, other], CHANNELS)
        return total

    def join(self, sources: list[str]) -> str:
        """Side by side, as more channels."""
        return self.add("Concat", sources, sum(self.channels[s] for s in sources), axis=1)

    def onnx(self, name: str, result: str) -> bytes:
        """The file."""
        ends = [value("image", [1, CHANNELS, SIDE, SIDE])], [value(result, [1, self.channels[result], SIDE, SIDE])]
        return write_onnx(name, self.nodes, *ends, self.constants)


def nasnet(cells: int) -> bytes:
    """NASNet-A's normal cell, `cells` of them in a row, each of which reads the two before it."""
    net = Net()
    before, last = net.conv("image", 1), net.conv("image", 3)
    for _ in range(cells):
        h, p = net.squeeze(last), net.squeeze(before)
        blocks = [
            net.sum(net.separable(h, 5), net.separable(p, 3)),
            net.sum(net.separable(p, 5), net.separable(p, 3)),
            net.sum(net.average(h), p),
            net.sum(net.average(p), net.average(p)),
            net.sum(net.separable(h, 3), h),
        ]
        before, last = last, net.join([p, *blocks])
    return net.onnx("nasnet", last)


def darts(cells: int) -> bytes:
    """The normal cell of DARTS, second order, `cells` of them in a row."""
    net = Net()
    before, last = net.conv("image", 1), net.conv("image", 3)
    for _ in range(cells):
        p, h = net.squeeze(before), net.squeeze(last)
        one = net.sum(net.separable(p, 3), net.separable(h, 3))
        two = net.sum(net.separable(p, 3), net.separable(h, 3))
        three = net.sum(net.separable(h, 3), p)
        four = net.sum(p, net.separable(one, 3, times=1))
        before, last = last, net.join([one, two, three, four])
    return net.onnx("darts", last)


def drawn(cells: int, nodes: int, seed: int) -> bytes:
    """Cells drawn at random: each of `nodes` nodes adds up what two operators make of any two before it."""
    draw, net = random.Random(seed), Net()
    before, last = net.conv("image", 1), net.conv("image", 3)
    for _ in range(cells):
        made = [net.squeeze(before), net.squeeze(last)]
        used: set[str] = set()
        for _ in range(nodes):
            pair = [draw.choice(made) for _ in range(2)]
            used.update(pair)
            kinds = (lambda s: net.separable(s, 3, 1), lambda s: net.conv(s, 3), net.average, lambda s: s)
            made.append(net.sum(*(draw.choice(kinds)(source) for source in pair)))
        before, last = last, net.join([name for name in made[2:] if name not in used])
    return net.onnx("drawn", last)


def randwire(nodes: int, near: int, rewired: float, seed: int) -> bytes:
    """Randomly wired: a ring in which each node reads its `near` neighbours, with edges rewired (Watts, Strogatz)."""
    draw, net = random.Random(seed), Net()
    edges = set()
    for node in range(nodes):
        for step in range(1, near // 2 + 1):
            other = draw.randrange(nodes) if draw.random() < rewired else (node + step) % nodes
            if other != node:
                edges.add((min(node, other), max(node, other)))
    stem = net.conv("image", 3)
    made: dict[int, str] = {}
    for node in range(nodes):
        sources = [made[a] for a, b in sorted(edges) if b == node]
        made[node] = net.separable(net.sum(*sources) if sources else stem, 3, times=1)
    ends = [made[node] for node in range(nodes) if all(a != node for a, _ in edges)]
    return net.onnx("randwire", net.sum(*ends))


def make() -> dict[str, bytes]:
    """File name -> bytes."""
    return {
        "nasnet_cell.onnx": nasnet(1),
        "nasnet_stack.onnx": nasnet(6),
        "darts_cell.onnx": darts(1),
        "darts_stack.onnx": darts(8),
        **{f"drawn_{seed}.onnx": drawn(3, 8, seed) for seed in range(1, 5)},
        **{f"randwire_32_{seed}.onnx": randwire(32, 4, 0.75, seed) for seed in range(1, 5)},
        "randwire_32_8.onnx": randwire(32, 8, 0.75, 1),
        "randwire_64.onnx": randwire(64, 4, 0.75, 1),
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in make().items():
        (folder / name).write_bytes(data)
        print(folder / name)
