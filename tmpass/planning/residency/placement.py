"""Placement: each buffer in one of several memories that operators compute on, so that the traffic costs the least.

    slow  |        +--------+   d   |     Each buffer is in one memory for its whole life. Its cost is the traffic
          |        |   c    +-------+     times the price of a byte there. A memory of 1/8 of the peak can take half of
    ------+--------+-------------------   the traffic: many small buffers are touched as often as a few large ones.
    fast  +---+--------+
          | a |    b   |

1. The cheapest division by the bytes of each step (`division.py`), with a lower bound on every placement.
2. The buffers of each memory get addresses. Where they have no packing, a few of them that have none are forbidden
   together (a logic-based Benders cut), and 1 is done again; where the budget does not decide, with less room. No
   network so far needed either.

    >>> from tmpass.packing.problem import Buffer
    >>> from tmpass.targets.memory import Memory
    >>> sram = Memory("sram", 64, 16, ("activations",), 100)
    >>> psram = Memory("psram", None, 16, ("activations",), 10)
    >>> sizes = ((0, 2, 64), (1, 3, 48), (2, 4, 16))
    >>> buffers = [Buffer(str(i), lower, upper, size) for i, (lower, upper, size) in enumerate(sizes)]
    >>> candidates = [Candidate(b, traffic=2 * b.size, memories=(0, 1)) for b in buffers]
    >>> placed = place(candidates, (sram, psram))
    >>> placed.memory, placed.traffic, placed.status.value
    ((0, 1, 0), (160, 96), 'optimal')
"""

from collections.abc import Sequence

from tmpass.base.choices import Status
from tmpass.base.record import record
from tmpass.packing.allocate import DEFAULT_NODES
from tmpass.packing.allocation import Allocation
from tmpass.planning.residency.addresses import pack, pack_as_given, packed_within, unpackable, with_less_room
from tmpass.planning.residency.banked_greedy import banked_greedy
from tmpass.planning.residency.candidates import Candidate, needs_of, prices
from tmpass.planning.residency.division import MAX_COMBINATIONS, Combination, divide
from tmpass.targets.memory import Memory

DEFAULT_STATES = 2_000_000
"""The budget of states: a second. The networks of tests/bench/residency.py take up to 125,000."""

_ROUNDS = 32
"""How many divisions are tried whose buffers have no packing, or none that is found."""

_FOR_CONFLICTS = 4
"""One part in this of the nodes of a packing may be spent to find few buffers that have none."""


@record
class Proved:
    """What the searches of a placement prove, and what they took.

    Fields:
        lower_bound: no placement costs less.
        states: that the searches for a division made.
        forbidden: how many combinations of candidates had no packing.
    """

    lower_bound: int
    states: int
    forbidden: int


@record
class Placement:
    """A memory for each candidate, addresses in it, and what is proved.

    Fields:
        memory: the number of a memory for each candidate; empty where there is no placement, or none is known.
        allocations: of each memory, its candidates in their order.
        traffic: the bytes touched in each memory.
        cost: the sum of traffic times price.
        proved: about all placements.
        prices: of a byte of traffic in each memory.
        status: of the cost. INFEASIBLE: no division fits, whatever the addresses.
    """

    memory: tuple[int, ...]
    allocations: tuple[Allocation, ...]
    traffic: tuple[int, ...]
    cost: int
    proved: Proved
    prices: tuple[int, ...]
    status: Status


def place(
    candidates: Sequence[Candidate],
    memories: Sequence[Memory],
    *,
    states: int = DEFAULT_STATES,
    nodes: int = DEFAULT_NODES,
    threads: int = 1,
    below: int | None = None,
) -> Placement:
    """The placement whose traffic costs the least, within all capacities and with addresses.

    Args:
        candidates: the buffers. One with a fixed offset is allowed in the memory of that offset only.
        memories: nearest first. Prices are inverse bandwidths, see `prices`.
        states: the budget of the search for a division.
        nodes: the budget of each packing.
        threads: that a packing may use. The answer does not depend on it.
        below: the search ends with UNKNOWN where every placement is proved to cost as much, or more.

    Returns:
        A placement that costs no more than that of `banked_greedy`. Status UNKNOWN means that budgets ended before any
        placement was found.
    """
    price = prices(memories, sum(candidate.traffic for candidate in candidates))
    costs = [[candidate.traffic * one for one in price] for candidate in candidates]
    needs, forbidden = needs_of(candidates, memories), list[Combination]()
    proved = Proved(0, 0, 0)
    exact = True
    for _ in range(_ROUNDS):
        division = divide(needs, costs, forbidden, states=max(states // _ROUNDS, states - proved.states))
        bound = max(proved.lower_bound, division.lower_bound if exact else 0)
        proved = Proved(bound, proved.states + division.states, len(forbidden))
        if below is not None and bound >= below:
            return Placement((), (), (), 0, proved, price, Status.UNKNOWN)
        if division.memory is None:
            if exact and division.complete:
                return Placement((), (), (), 0, proved, price, Status.INFEASIBLE)
            break
        allocations = pack(candidates, memories, division.memory, nodes=nodes, threads=threads)
        failed = [m for m, within in enumerate(packed_within(allocations)) if not within]
        if not failed:
            found = _placement(candidates, division.memory, allocations, proved, price)
            cheapest = found.status is Status.OPTIMAL
            return found if cheapest else _cheaper(found, _greedy(candidates, memories, proved, price))
        for m in failed:
            more = unpackable(candidates, memories[m], division.memory, m, allocations[m], nodes // _FOR_CONFLICTS)
            if more is None:
                needs, exact = with_less_room(needs, m, allocations[m]), False
            else:
                forbidden.append(more)
        if len(forbidden) > MAX_COMBINATIONS:
            break
    greedy = _greedy(candidates, memories, proved, price)
    return greedy or Placement((), (), (), 0, proved, price, Status.UNKNOWN)


def _greedy(
    candidates: Sequence[Candidate], memories: Sequence[Memory], proved: Proved, price: tuple[int, ...]
) -> Placement | None:
    """The placement of `banked_greedy`, if it has one."""
    rows = banked_greedy(candidates, memories)
    if rows is None:
        return None
    allocations = pack_as_given(candidates, memories, rows, "banked-greedy")
    return _placement(candidates, [m for m, _ in rows], allocations, proved, price)


def _cheaper(found: Placement, other: Placement | None) -> Placement:
    return found if other is None or found.cost <= other.cost else other


def _placement(
    candidates: Sequence[Candidate],
    placed: Sequence[int],
    allocations: tuple[Allocation, ...],
    proved: Proved,
    price: tuple[int, ...],
) -> Placement:
    traffic = [0] * len(price)
    for candidate, m in zip(candidates, placed, strict=True):
        traffic[m] += candidate.traffic
    cost = sum(bytes_ * one for bytes_, one in zip(traffic, price, strict=True))
    status = Status.OPTIMAL if cost <= proved.lower_bound else Status.FEASIBLE
    return Placement(tuple(placed), allocations, tuple(traffic), cost, proved, price, status)
