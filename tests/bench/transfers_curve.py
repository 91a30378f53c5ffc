"""Off-chip bytes against the size of the scratchpad, as a chart: the plot of the evaluation of COSMA's paper.

    python tests/bench/transfers_curve.py FOLDER [--only NET]... [--points N] -o docs/transfers.svg

FOLDER has graphs as JSON (docs/transfers.md). For each network the size goes from M_R, the largest sum of the inputs
and outputs of one operator, to M_P, the least peak; activations only. All plans are verified.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from chart import Panel, chart
from transfers import KNOWN, baseline, verified

from tmpass.base.choices import SpillOrder
from tmpass.planning.residency.transfers.find_transfers import find_transfers
from tmpass.planning.residency.transfers.least_peak_order import largest_operator, least_peak_order
from tmpass.planning.residency.transfers.problem_json import read_transfer_problem

NETS = (
    "keras_NASNetMobile_int8",
    "timm_pnasnet5large",
    "torch_densenet121",
    "torch_nasnetalarge",
    "torch_randwire_ws32",
    "torch_vit_tiny",
)
MIB = 1 << 20


def panel(path: Path, points: int) -> Panel | None:
    """The lines of one network; None where the least peak is what one operator needs, so that nothing has to leave."""
    problem = read_transfer_problem(path.read_text(), path.name, capacity=0, parameters=False)
    least, needed = least_peak_order(problem), largest_operator(problem)[1]
    if needed == least.peak:
        return None
    given = range(len(problem.operators))
    lines: dict[str, list[tuple[float, float]]] = {}
    for at in range(points):
        capacity = needed + (least.peak - needed) * at // (points - 1)
        here = replace(problem, capacity=capacity)
        by_bytes, online = baseline(here, given, "belady")
        free, kept = (
            verified(here, find_transfers(here, order=order)) for order in (SpillOrder.FREE, SpillOrder.GIVEN)
        )
        found = {"tmpass, any order": free.cost, "tmpass, given order": kept.cost}
        found |= {"belady by bytes": by_bytes, "belady online": online}
        for name, cost in found.items():
            if cost is not None:
                lines.setdefault(name, []).append((capacity / MIB, cost / MIB))
    known = {name: tuple(line) for name, line in lines.items()}
    return Panel(path.stem, "scratchpad, MiB", "off-chip, MiB", known)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", action="append", metavar="NET", help="these networks instead of six; repeatable")
    parser.add_argument("--points", type=int, default=9, help="sizes for each network")
    parser.add_argument("-o", "--output", type=Path, required=True)
    asked = parser.parse_args()
    names = asked.only or NETS
    paths = [path for path in sorted(asked.folder.glob("*.json")) if path.name != KNOWN and path.stem in names]
    found = [panel(path, asked.points) for path in paths]
    asked.output.write_text(chart([one for one in found if one is not None]), encoding="utf-8")


if __name__ == "__main__":
    main()
