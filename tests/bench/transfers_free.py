"""Plans of spills and fetches over all orders, for a directory of networks, beside the best that is known.

    python tests/bench/transfers_free.py DIRECTORY [--labels N] [--only WORD ...]

The directory has a file for each network, as `planning/residency/transfers/problem_json.py` reads it, and
best_known.json: rows with net, tensors (act: activations only; par: with parameters), budget, capacity and best. A row
of the output is Markdown: network, tensors, budget, cost, lower bound, status, seconds, and the cost above the best.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from tmpass.planning.residency.transfers.free_order import DEFAULT_LABELS, solve_free_order
from tmpass.planning.residency.transfers.problem import TransferPlan
from tmpass.planning.residency.transfers.problem_json import read_transfer_problem
from tmpass.verification.episodes import check_transfer_plan


def solve(directory: Path, row: dict[str, Any], labels: int) -> tuple[TransferPlan, float]:
    """The checked plan for a row of best_known.json, and the processor's seconds for it."""
    path = directory / f"{row['net']}.json"
    problem = read_transfer_problem(
        path.read_text(), path.name, capacity=row["capacity"], parameters=row["tensors"] == "par"
    )
    begin = time.process_time()
    plan = solve_free_order(problem, labels=labels)
    seconds = time.process_time() - begin
    for violation in check_transfer_plan(problem, plan):
        raise SystemExit(f"{path.name}: {violation}")
    return plan, seconds


def main(arguments: list[str]) -> int:
    """Print a table; the exit code is 1 where a plan costs more than the best known one."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--labels", type=int, default=DEFAULT_LABELS)
    parser.add_argument("--only", nargs="*", default=[""], help="parts of 'net tensors budget'")
    given = parser.parse_args(arguments)
    print("| network | tensors | budget | cost | lower bound | status | s | above best |\n|-|-|-|-|-|-|-|-|")
    above = False
    for row in json.loads((given.directory / "best_known.json").read_text()):
        name = (row["net"], row["tensors"], row["budget"])
        if any(part in " ".join(name) for part in given.only):
            plan, seconds = solve(given.directory, row, given.labels)
            more = None if plan.cost is None else plan.cost - row["best"]
            above |= more is None or more > 0
            shown = "-" if more is None else f"{more:+d}"
            cells = (*name, plan.cost, plan.lower_bound, plan.status, f"{seconds:.2f}", shown)
            print(f"| {' | '.join(map(str, cells))} |", flush=True)
    return int(above)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
