"""Transfers of networks in their given order: cost, bound and times, next to the known optimum.

python tests/bench/transfers_fixed.py ../shared/problems/transfers

The folder has a file for each network, and best_known.json with capacities and known optima. The exit code is 1 where a
cost is above the known optimum, or a bound above the cost.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from table import Cell, Table

from tmpass.planning.residency.transfers.absences import choose_absences, find_absences
from tmpass.planning.residency.transfers.fixed_order import DEFAULT_NODES, from_transfer_problem, solve_fixed_order
from tmpass.planning.residency.transfers.problem_json import read_transfer_problem

HEADER = ("", "capacity", "cost, B", "no plan below", "status", "known optimum", "nodes", "absences, ms", "all, ms")
REPEATS = 5


def main() -> None:
    """Print the table, and judge it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    rows = [_row(folder, known) for known in json.loads((folder / "best_known.json").read_text())]
    kernel, whole = (max(float(row[at] or 0) for row in rows) for at in (7, 8))
    note = f"At most {kernel:.1f} ms for absences, and {whole:.1f} ms with packing."
    print(Table("transfers-fixed", HEADER, tuple(rows), note).markdown())
    sys.exit(any(not row[3] <= row[2] <= row[5] for row in rows))


def _row(folder: Path, known: dict[str, object]) -> tuple[Cell, ...]:
    path, capacity = folder / f"{known['net']}.json", int(str(known["capacity"]))
    graph = read_transfer_problem(path.read_text(), path.name, capacity=capacity, parameters=known["tensors"] == "par")
    problem = from_transfer_problem(graph, range(len(graph.operators)))
    answer = solve_fixed_order(problem)
    absences, room = find_absences(problem), [capacity] * problem.steps
    return (
        f"{known['net']} {known['tensors']} {known['budget']}",
        capacity,
        answer.cost,
        answer.lower_bound,
        answer.status.value,
        int(str(known["optimal_in_given_order"])),
        answer.nodes,
        _least_time(lambda: choose_absences(problem, absences, [], room=room, states=DEFAULT_NODES)),
        _least_time(lambda: solve_fixed_order(problem)),
    )


def _least_time(call: Callable[[], object]) -> float:
    """The least of some times of `call`, in milliseconds."""
    times = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - begin))
    return min(times)


if __name__ == "__main__":
    main()
