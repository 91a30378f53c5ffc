"""Problems of order, drawn, and what every order of them needs, found by trying."""

from dataclasses import dataclass
from functools import cache

from hypothesis import strategies as st

import tmpass._core as _core
from tmpass.planning.ordering.items import Items
from tmpass.planning.ordering.least_peak import native

MOST = 10**9


@dataclass(frozen=True)
class Drawn:
    """A problem of order as drawn: `items` has what the kernels get, `count` the number of operators."""

    items: Items
    count: int

    @property
    def native(self) -> _core.OrderProblem:
        return native(self.items)

    def users(self, item: int) -> frozenset[int]:
        return frozenset(self.items.users[self.items.starts[item] : self.items.starts[item + 1]])

    def in_place(self) -> list[tuple[int, int, list[int]]]:
        """(operator, bytes saved, items that must end there)."""
        rows, flat = [], list(self.items.in_place)
        while flat:
            op, saved, count, *rest = flat
            rows.append((op, saved, rest[:count]))
            flat = rest[count:]
        return rows

    def before(self) -> list[frozenset[int]]:
        edges = list(zip(self.items.edges[::2], self.items.edges[1::2], strict=True))
        return [frozenset(a for a, b in edges if b == op) for op in range(self.count)]

    def during(self, ran: frozenset[int], op: int) -> int:
        """The bytes alive while `op` runs after the set `ran`, by what the words say."""
        p = self.items
        total = p.scratch[op] + (0 if ran else p.beginning)
        for item, size in enumerate(p.size):
            begun = p.first[item] or self.users(item) & (ran | {op})
            ended = not p.last[item] and self.users(item) <= ran
            total += size if begun and not ended else 0
        saved = []
        for where, bytes_saved, items in self.in_place():
            ending = [i for i in items if not p.last[i] and self.users(i) - ran == {op}]
            if where == op and p.partial:
                saved.append(min(bytes_saved, sum(p.size[i] for i in ending)))
            elif where == op and len(ending) == len(items):
                saved.append(bytes_saved)
        return total - max(saved, default=0)

    def peak(self, order) -> int:
        return max(self.profile(order), default=0)

    def profile(self, order) -> list[int]:
        return [self.during(frozenset(order[:at]), op) for at, op in enumerate(order)]

    def least_peak(self) -> int:
        """The least peak of all orders, over all sets of operators that can have run."""
        before = self.before()

        @cache
        def rest(ran: frozenset[int]) -> int:
            ready = [op for op in range(self.count) if op not in ran and before[op] <= ran]
            return min((max(self.during(ran, op), rest(ran | {op})) for op in ready), default=0)

        return rest(frozenset())


sizes = st.sampled_from([1, 2, 3, 5, 8, 13]) | st.integers(0, 50)


@st.composite
def order_problems(draw, most: int = 8) -> Drawn:
    """Any operators and items: those with several users, alive before and after, over which results may be written."""
    count = draw(st.integers(1, most))
    pairs = [(a, b) for b in range(count) for a in range(b)]
    edges = draw(st.lists(st.sampled_from(pairs), max_size=2 * count, unique=True)) if pairs else []
    names = draw(st.permutations(range(count)))
    return _problem(draw, count, [(names[a], names[b]) for a, b in edges], [])


@st.composite
def parallel_problems(draw, most: int = 10) -> Drawn:
    """A fork, chains side by side, some of them equal, and a join; each passes one item on, and some share items."""
    lengths = draw(st.lists(st.integers(1, 3), min_size=2, max_size=3))
    lengths = lengths[: 1 + sum(sum(lengths[: i + 1]) <= most - 2 for i in range(1, len(lengths)))]
    count = sum(lengths) + 2
    join, edges, tensors = count - 1, [], [[0]]
    chain_sizes = [draw(st.lists(sizes, min_size=3, max_size=3)) for _ in range(2)]
    rows = []
    at = 1
    for length in lengths:
        own = draw(st.sampled_from(chain_sizes))
        previous = 0
        for step in range(length):
            edges.append((previous, at))
            if previous == 0:
                tensors[0].append(at)
            rows.append((own[step], [at, at + 1 if step + 1 < length else join]))
            previous, at = at, at + 1
        edges.append((previous, join))
    rows.append((draw(sizes), tensors[0]))
    return _problem(draw, count, edges, rows)


def _problem(draw, count: int, edges: list[tuple[int, int]], rows: list[tuple[int, list[int]]]) -> Drawn:
    some = st.lists(st.integers(0, count - 1), min_size=1, max_size=min(count, 4), unique=True)
    drawn = draw(st.lists(st.tuples(sizes, some), max_size=3 if rows else count + 3))
    rows = rows + [(size, sorted(users)) for size, users in drawn]
    seldom = st.sampled_from([0, 0, 0, 0, 0, 1])
    starts = [0]
    for _, users in rows:
        starts.append(starts[-1] + len(users))
    in_place = []
    for op in range(count):
        touched = [i for i, (_, users) in enumerate(rows) if op in users]
        if touched and draw(seldom):
            over = draw(st.lists(st.sampled_from(touched), min_size=1, max_size=2, unique=True))
            in_place += [op, sum(rows[i][0] for i in over), len(over), *over]
    items = Items(
        edges=[op for edge in edges for op in edge],
        size=[size for size, _ in rows],
        first=[draw(seldom) for _ in rows],
        last=[draw(seldom) for _ in rows],
        starts=starts,
        users=[user for _, users in rows for user in users],
        scratch=[draw(st.sampled_from([0, 0, 0, 4, 9])) for _ in range(count)],
        in_place=in_place,
        beginning=draw(st.sampled_from([0, 0, 2, 7])),
        partial=draw(st.booleans()),
    )
    return Drawn(items, count)
