"""Transfers against brute force at the largest sizes that it can do, and many plans against the verifier.

    PYTHONPATH=tests python tests/bench/transfers_oracle.py [--free N] [--fixed N] [--program N] ...

| part | drawn | held against |
|-|-|-|
| free | graphs of 8 operators, any order | brute force over all orders, episodes and addresses |
| fixed | graphs of 14 operators in the given order | the same in that order |
| program | the graphs of `free` | COSMA's integer program by CP-SAT against the same brute force |
| ordered | the graphs of `fixed` | the program in that order, against the same brute force |
| models | models with views, parts and in-place results, a scratchpad and a memory behind | the verifier; all sums |
| plans | graphs of up to 40 operators, all methods, both orders | the verifier, which also has to catch broken copies |

Graphs have alignments of 1, 2 and 4, inputs and parameters. A graph for which brute force takes more states than
--states is left out and counted. The exit code is 1 where anything differs.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from planning.residency.transfers.brute_force import TooManyStates, brute_force
from planning.residency.transfers.drawn import draw_problem
from support.travelling import least_with_transfers, travelling

from tmpass.base.choices import SpillOrder, Status
from tmpass.planning.residency.transfers.find_transfers import find_transfers
from tmpass.planning.residency.transfers.methods import METHODS
from tmpass.planning.residency.transfers.problem import TransferPlan, TransferProblem
from tmpass.verification.episodes import check_transfer_plan

Counts = Counter[str]


def exactly(operators: int, seed: int, **how: object) -> Iterator[TransferProblem]:
    """Drawn problems of exactly this number of operators, without end."""
    rng = random.Random(seed)
    while True:
        yield draw_problem(rng, operators, read_outputs=True, **how)


def against_brute_force(
    operators: int, count: int, seed: int, states: int, *, method: str = "auto", order: SpillOrder
) -> Counts:
    """Costs of the exact method, or of the program, against those of brute force."""
    found = Counts()
    for problem in exactly(operators, seed):
        if found["agree"] + found["differ"] >= count:
            break
        given_order = range(operators) if order is SpillOrder.GIVEN else None
        try:
            least = brute_force(problem, given_order, states=states).cost
        except TooManyStates:
            found["too large"] += 1
            continue
        plan = find_transfers(problem, method, order=order)
        proved = plan.status in ((Status.INFEASIBLE, Status.UNKNOWN) if least is None else (Status.OPTIMAL,))
        right = plan.cost == least and proved and not check_transfer_plan(problem, plan)
        found["agree" if right else "differ"] += 1
        found["with transfers"] += bool(least)
        found["infeasible"] += least is None
    return found


def broken(problem: TransferProblem, plan: TransferPlan, rng: random.Random) -> Iterator[TransferPlan]:
    """Copies of a plan, each of which breaks a law."""
    at = rng.randrange(len(plan.episodes))
    one = plan.episodes[at]

    def changed(**change: int) -> TransferPlan:
        return replace(plan, episodes=(*plan.episodes[:at], replace(one, **change), *plan.episodes[at + 1 :]))

    assert plan.cost is not None
    yield replace(plan, episodes=(*plan.episodes[:at], *plan.episodes[at + 1 :]))
    yield changed(address=problem.capacity)
    yield changed(address=-problem.alignment)
    yield changed(last=len(plan.order))
    yield changed(first=one.last + 1)
    yield replace(plan, cost=plan.cost + 1)
    yield replace(plan, lower_bound=plan.cost + 1)
    yield replace(plan, order=(plan.order[0], *plan.order))
    others = [x for x in plan.episodes if x.tensor != one.tensor and x.first <= one.last and one.first <= x.last]
    if others:
        yield changed(address=others[0].address)


def against_the_verifier(count: int, seed: int) -> Counts:
    """Plans of all methods in both orders, and broken copies of them."""
    rng, found = random.Random(seed), Counts()
    methods = [name for name in METHODS if not name.startswith("cosma")]
    while found["right"] + found["wrong"] < count:
        problem = draw_problem(rng, rng.randint(2, 40), most=rng.choice((3, 50)), read_outputs=True, slack=3)
        for method in (*methods, *(["cosma", "cosma-parts"] if rng.random() < 0.02 else [])):
            for order in SpillOrder:
                plan = find_transfers(problem, method, order=order, nodes=20_000)
                if plan.cost is None:
                    found["no plan"] += 1
                    continue
                kept = order is SpillOrder.GIVEN
                found["wrong" if check_transfer_plan(problem, plan, keeps_order=kept) else "right"] += 1
                for wrong in broken(problem, plan, rng) if plan.episodes else ():
                    found["caught" if check_transfer_plan(problem, wrong) else "not caught"] += 1
    return found


def models(count: int) -> Counts:
    """Plans of drawn models at a low capacity at which they need transfers; planning verifies each of them."""
    found = Counts()

    checks = list(HealthCheck)

    @settings(max_examples=count, deadline=None, database=None, derandomize=True, suppress_health_check=checks)
    @given(travelling())
    def draw(graph: object) -> None:
        for options in ({}, {"share": "views"}, {"schedule": "given"}):
            made = least_with_transfers(graph, 4, **options)
            if made is not None:
                found["right"] += 1
                found["over all orders"] += made.transfers.any_order == made.transfers.moved

    draw()
    return found


def main(arguments: list[str]) -> int:
    """Print a row for each part."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, number in {
        "free": 300,
        "fixed": 100,
        "program": 60,
        "ordered": 30,
        "models": 100,
        "plans": 10_000,
    }.items():
        parser.add_argument(f"--{name}", type=int, default=number)
    parser.add_argument("--states", type=int, default=20_000, help="of brute force, for each graph")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    free, kept = SpillOrder.FREE, SpillOrder.GIVEN
    parts: dict[str, Callable[[], Counts]] = {
        "free": lambda: against_brute_force(8, asked.free, asked.seed, asked.states, order=free),
        "fixed": lambda: against_brute_force(14, asked.fixed, asked.seed, asked.states, order=kept),
        "program": lambda: against_brute_force(8, asked.program, asked.seed, asked.states, method="cosma", order=free),
        "ordered": lambda: against_brute_force(14, asked.ordered, asked.seed, asked.states, method="cosma", order=kept),
        "models": lambda: models(asked.models) if asked.models else Counts(),
        "plans": lambda: against_the_verifier(asked.plans, asked.seed),
    }
    bad = 0
    for name, run in parts.items():
        begin = time.process_time()
        found = run()
        bad += found["differ"] + found["wrong"] + found["not caught"]
        text = ", ".join(f"{number} {what}" for what, number in sorted(found.items()) if number)
        print(f"{name:<8} {text}; {time.process_time() - begin:.0f} s", flush=True)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
