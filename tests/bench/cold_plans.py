"""Cold plans of two installations of the project, in CPU time, in turns.

    python tests/bench/cold_plans.py OTHER_PYTHON MODEL:TARGET... [--rounds 15]

Each round runs `tmpass plan` as a process of its own with this interpreter and with OTHER_PYTHON. Rows are medians.
Bytecode is cached, as it is for an installed package.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys


def main() -> None:
    """Print a row for each model and target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other")
    parser.add_argument("questions", nargs="+", metavar="MODEL:TARGET")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    print(f"{'model':44} {'target':12} {'other':>9} {'this':>9}  ratio")
    for question in arguments.questions:
        model, target = question.rsplit(":", 1)
        times: dict[str, list[float]] = {arguments.other: [], sys.executable: []}
        for _ in range(arguments.rounds):
            for python, row in times.items():
                row.append(_cpu_of(python, model, target))
        other, this = (statistics.median(row) for row in times.values())
        name = os.path.basename(model)
        print(f"{name:44} {target:12} {1000 * other:6.1f} ms {1000 * this:6.1f} ms  {this / other:.3f}", flush=True)


def _cpu_of(python: str, model: str, target: str) -> float:
    """Seconds of processor time, user and system, of one cold plan."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [python, "-m", "tmpass", "plan", model, "--target", target]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
