"""The worth of each rule of an exact search: nodes and time to a packing within the capacity with that rule off.

python tests/bench/ablation.py [--kernel minimalloc|postpone] [--capacity N] [--nodes N] [--off RULE] problem.csv ...

Prints a table in Markdown. A dash marks a problem without a packing when the nodes ended.
"""

import argparse
import sys
import time
from pathlib import Path

from table import Table

import tmpass._core as _core
from tmpass.packing.problem_csv import read_problem

RULES = {
    "minimalloc": (
        "canonical",
        "monotonic",
        "ordering",
        "dominance",
        "section",
        "floor",
        "hatless",
        "decomposition",
        "rerank",
        "always_fit",
    ),
    "postpone": ("window", "exchange", "first", "sums", "nogoods", "blocks", "pinwheels"),
}
"""Kernel -> its switches, all of which are on otherwise."""
KERNELS = {
    "minimalloc": (_core.minimalloc, _core.MinimallocRules),
    "postpone": (_core.postpone, _core.PostponeRules),
}


def main() -> None:
    """Print a row with all rules, then one without each: thousands of nodes and milliseconds per problem."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problems", nargs="+", type=Path)
    parser.add_argument("--kernel", choices=sorted(RULES), default="minimalloc")
    parser.add_argument("--capacity", type=int, default=1048576)
    parser.add_argument("--nodes", type=int, default=2_000_000)
    parser.add_argument("--rule", action="append", help="only the rows of these")
    parser.add_argument("--off", action="append", default=[], help="off in every row")
    asked = parser.parse_args()
    problems = {
        path.name.split(".")[0]: read_problem(path.read_text(), str(path), capacity=asked.capacity)
        for path in asked.problems
    }
    kernel, switches = KERNELS[asked.kernel]
    rows = []
    for off in asked.rule or (None, *(rule for rule in RULES[asked.kernel] if rule not in asked.off)):
        rules = dict.fromkeys((*asked.off, *((off,) if off else ())), False)
        cells, solved, total = [], 0, 0.0
        for problem in problems.values():
            native = problem.native
            begin = time.perf_counter()
            answer, _, nodes = kernel(native, asked.capacity, asked.nodes, rules=switches(**rules))
            took = time.perf_counter() - begin
            total += took
            solved += answer == 0
            cells.append(f"{nodes / 1000:.1f}, {1000 * took:.0f}" if answer == 0 else "-")
        rows.append(("without " + ", ".join(rules) if rules else "all rules", *cells, solved, f"{total:.1f}"))
        print(*rows[-1], file=sys.stderr, flush=True)
    print(Table("ablation", ("", *problems, "solved", "s"), tuple(rows)).markdown())


if __name__ == "__main__":
    main()
