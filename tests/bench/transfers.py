"""The evaluation of COSMA's paper: off-chip bytes at three capacities, against baselines in two readings.

    python tests/bench/transfers.py FOLDER [--only NET]... [--at M_R]... [--nodes N] [--cosma N]

FOLDER has graphs as JSON (docs/transfers.md). Without arguments, that is `transfers` of the problem files. Prints
Markdown: the figures of each network and capacity, the mean reduction, how many figures agree with those of
`best_known.json` in the folder, and with --cosma the published program.

M_R is the largest sum of the inputs and outputs of one operator, M_P the least peak over the orders of the operators
that the search of this package finds, M_H their mean. Without a difference between them, one row stands for all.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from table import Cell, Table

from tmpass.base.choices import SpillOrder, Status
from tmpass.planning.residency.transfers.baseline import spans_of
from tmpass.planning.residency.transfers.find_transfers import find_transfers
from tmpass.planning.residency.transfers.least_peak_order import largest_operator, least_peak_order
from tmpass.planning.residency.transfers.online import replace_online
from tmpass.planning.residency.transfers.problem import TransferPlan, TransferProblem
from tmpass.planning.residency.transfers.problem_json import read_transfer_problem
from tmpass.planning.residency.transfers.replacement import replace_by_bytes
from tmpass.planning.residency.transfers.uses import cost_of
from tmpass.planning.residency.transfers.victims import cheapest, furthest
from tmpass.verification.episodes import check_transfer_plan

KNOWN = "best_known.json"
CAPACITIES = ("M_R", "M_H", "M_P")
RULES = {"belady": furthest, "greedy": cheapest}
BASELINES = tuple(f"{order} {rule}" for order in ("given", "least") for rule in RULES)
READINGS = ("bytes only", "online")
FIGURES = ("", "tensors", "at", "capacity", *BASELINES, *(f"{name}, online" for name in BASELINES))
FIGURES += ("given order", "bound", "free order", "bound", "gap", "s")
REDUCTION = ("", "at", "rows", *READINGS)
COSMA = ("", "tensors", "at", "given", "bound", "s", "free", "bound", "s", "parts", "s")
AGREEMENT = ("", "equal", "of")


@dataclass(frozen=True, slots=True)
class Row:
    """A network at one capacity.

    Fields:
        tensors: "act" without parameters, "par" with them.
        at: the name of the capacity.
        baselines: bytes of each of BASELINES, for each of READINGS.
        given, free: the plans in the given order, and in any.
        seconds: that the free order took.
    """

    net: str
    tensors: str
    at: str
    problem: TransferProblem
    baselines: dict[str, tuple[int, int]]
    given: TransferPlan
    free: TransferPlan
    seconds: float

    @property
    def key(self) -> tuple[str, str, str]:
        """What a row of the known figures has too."""
        return self.net, self.tensors, self.at


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(__file__).parents[3] / "shared" / "problems" / "transfers"
    parser.add_argument("folder", type=Path, nargs="?", default=default)
    parser.add_argument("--only", action="append", metavar="NET", help="leave all other networks out; repeatable")
    parser.add_argument("--at", action="append", choices=CAPACITIES, help="leave other capacities out; repeatable")
    parser.add_argument("--nodes", type=int, help="budget of the search over orders")
    parser.add_argument("--cosma", type=int, metavar="N", help="the published program too, with this budget")
    given = parser.parse_args()
    rows = []
    for path in sorted(given.folder.glob("*.json")):
        if path.name != KNOWN and (not given.only or path.stem in given.only):
            rows += measure(path, given.at or CAPACITIES, given.nodes)
    for table in tables(rows, given.folder / KNOWN):
        print(f"{table.markdown()}\n")
    if given.cosma is not None:
        print(Table("cosma", COSMA, tuple(cosma(row, given.cosma) for row in rows)).markdown())


def measure(path: Path, ats: Sequence[str], nodes: int | None) -> Iterator[Row]:
    """The rows of one network at the capacities `ats`."""
    for tensors in ("act", "par"):
        text, parameters = path.read_text(), tensors == "par"
        problem = read_transfer_problem(text, path.name, capacity=0, parameters=parameters)
        least = least_peak_order(problem)
        needed = largest_operator(problem)[1]
        sizes = (needed, (needed + least.peak) // 2, least.peak)
        capacities = dict(zip(CAPACITIES[: 1 if needed == least.peak else None], sizes, strict=False))
        orders = {"given": range(len(problem.operators)), "least": least.order}
        for at, capacity in ((at, capacities[at]) for at in ats if at in capacities):
            here = replace(problem, capacity=capacity)
            figures = {f"{o} {r}": baseline(here, orders[o], r) for o in orders for r in RULES}
            begin = time.perf_counter()
            free = verified(here, find_transfers(here, order=SpillOrder.FREE, nodes=nodes))
            seconds = time.perf_counter() - begin
            given = verified(here, find_transfers(here, order=SpillOrder.GIVEN, nodes=nodes))
            yield Row(path.stem, tensors, at, here, figures, given, free, seconds)


def baseline(problem: TransferProblem, order: Sequence[int], rule: str) -> tuple[int, int]:
    """The bytes that a rule of replacement moves, by bytes only and online."""
    spans = replace_by_bytes(problem, order, RULES[rule])
    episodes = replace_online(problem, order, RULES[rule], stalls=True)
    assert spans is not None
    assert episodes is not None
    return cost_of(problem, spans), cost_of(problem, spans_of(problem, episodes))


def verified(problem: TransferProblem, plan: TransferPlan) -> TransferPlan:
    """The plan itself, which breaks no law."""
    violations = check_transfer_plan(problem, plan)
    assert not violations, violations[0]
    return plan


def tables(rows: Sequence[Row], known: Path) -> Iterator[Table]:
    """Everything that is printed, except the rows of the published program."""
    note = "Bytes beyond the compulsory ones; all plans are verified. Online, a rule may wait until a tensor has moved."
    yield Table("figures", FIGURES, tuple(map(_figures, rows)), note)
    yield Table("reduction", REDUCTION, tuple(_reductions(rows)), _zeros(rows))
    if known.exists():
        yield Table("agreement", AGREEMENT, tuple(_agreement(rows, json.loads(known.read_text()))))


def _figures(row: Row) -> tuple[Cell, ...]:
    costs = [row.baselines[name][reading] for reading in range(2) for name in BASELINES]
    ours = [cell for plan in (row.given, row.free) for cell in (plan.cost, plan.lower_bound)]
    gap = None if row.free.cost is None else row.free.cost - row.free.lower_bound
    return (row.net, row.tensors, row.at, row.problem.capacity, *costs, *ours, gap, row.seconds)


def _reductions(rows: Sequence[Row]) -> Iterator[tuple[Cell, ...]]:
    """Per capacity, the mean of 1 - ours / baseline over all rows and baselines that move anything."""
    for tensors in ("act", "par", "act, par"):
        for at in CAPACITIES:
            some = [row for row in rows if row.at == at and row.tensors in tensors and row.free.order]
            cells: list[Cell] = []
            for reading in range(len(READINGS)):
                pairs = [(row.free.cost, costs[reading]) for row in some for costs in row.baselines.values()]
                shares = [1 - ours / theirs for ours, theirs in pairs if theirs]
                cells.append(f"{100 * sum(shares) / len(shares):.0f} % of {len(shares)}" if shares else None)
            yield tensors, at, len(some), *cells


def _zeros(rows: Sequence[Row]) -> str:
    zero = sum(row.free.cost == 0 for row in rows)
    proved = sum(row.free.status is Status.OPTIMAL for row in rows)
    return (
        f"Reduction of the bytes that a baseline moves, mean over networks and the four baselines that move any. Of "
        f"{len(rows)} rows, {zero} move nothing, and {proved} are proved optimal over all orders."
    )


def _agreement(rows: Sequence[Row], known: list[dict[str, object]]) -> Iterator[tuple[Cell, ...]]:
    """How many figures are those of the file, and where ours are better or worse."""
    theirs = {(row["net"], row["tensors"], row["budget"]): row for row in known}
    shared = [(row, theirs[row.key]) for row in rows if row.key in theirs]
    for number, key in ((0, "bytes_only"), (1, "online")):
        for name in BASELINES:
            equal = sum(row.baselines[name][number] == other["baselines"][name][key] for row, other in shared)
            yield f"{name}, {READINGS[number]}", equal, len(shared)
    for name, pick, key in (("given order", "given", "optimal_in_given_order"), ("free order", "free", "best")):
        ours = [(getattr(row, pick), other[key]) for row, other in shared]
        yield name, sum(plan.cost == cost for plan, cost in ours), len(shared)
        yield (
            f"{name}, fewer bytes",
            sum(plan.cost is not None and plan.cost < cost for plan, cost in ours),
            len(shared),
        )


def cosma(row: Row, nodes: int) -> tuple[Cell, ...]:
    """What CP-SAT finds for the published program, and by parts in a free order."""
    cells: list[Cell] = []
    for method, order in (("cosma", SpillOrder.GIVEN), ("cosma", SpillOrder.FREE), ("cosma-parts", SpillOrder.FREE)):
        begin = time.perf_counter()
        plan = verified(row.problem, find_transfers(row.problem, method, order=order, nodes=nodes))
        took = time.perf_counter() - begin
        cells += [plan.cost, plan.lower_bound, took] if method == "cosma" else [plan.cost, took]
    return (*row.key, *cells)


if __name__ == "__main__":
    main()
