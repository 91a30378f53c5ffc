"""The exact methods: the fewest bytes in the given order, or over all orders, with a lower bound."""

from dataclasses import replace

from tmpass.base.choices import SpillOrder, Status
from tmpass.planning.residency.transfers.fixed_order import from_transfer_problem, solve_fixed_order
from tmpass.planning.residency.transfers.free_order import solve_free_order
from tmpass.planning.residency.transfers.methods import Task, given_order, no_plan
from tmpass.planning.residency.transfers.problem import Episode, TransferPlan, TransferProblem


def solve(problem: TransferProblem, task: Task) -> TransferPlan:
    """The cheapest plan that is found; `task.nodes` are labels where the order is free."""
    if task.order is SpillOrder.FREE:
        return solve_free_order(problem, labels=task.nodes, keep=task.keep)
    order = tuple(given_order(problem))
    answer = solve_fixed_order(from_transfer_problem(problem, order), nodes=task.nodes, keep=task.keep)
    plan = replace(no_plan("fixed-order", answer.status, answer.lower_bound), stopped=answer.stopped)
    if answer.status in (Status.INFEASIBLE, Status.UNKNOWN):
        return plan
    episodes = tuple(Episode(tensor, *one) for tensor, own in enumerate(answer.episodes) for one in own)
    return replace(plan, order=order, episodes=episodes, cost=answer.cost)
