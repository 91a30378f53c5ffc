"""What the exit codes of each command mean, for its help. All commands share them: docs/exit-codes.md."""

from collections.abc import Mapping

FITS, NO_FIT = "it fits", "it does not fit"
MODEL = "the model cannot be read or planned"
BUDGET = "the budget ended without an answer"
WRONG = "verification failed"

_PLAN = {0: FITS, 1: NO_FIT, 3: MODEL, 4: BUDGET, 5: WRONG}
_DONE = {0: "done"}
_READ = {3: "the model cannot be read"}

OWN: Mapping[str, Mapping[int, str]] = {
    "plan": _PLAN,
    "split": _PLAN,
    "explain": _PLAN,
    "verify": {0: "the plan is right", **_READ, 4: BUDGET, 5: "the plan is wrong, or the outputs differ"},
    "show": {0: "shown, whether it fits or not", 3: MODEL, 5: WRONG},
    "emit": _DONE | _READ,
    "diff": {0: "compared, and nothing grew more than allowed", 1: "something grew more than allowed", **_READ},
    "strip": _DONE | _READ,
    "probe": {0: "it runs", 1: "it does not run", **_READ},
    "probe-scratch": _DONE | _READ,
    "targets": _DONE,
    "allocate": {0: FITS, 1: NO_FIT, 4: BUDGET, 5: WRONG},
    "learn": _DONE | {4: BUDGET},
    "spill": {0: FITS, 1: NO_FIT, 4: BUDGET, 5: WRONG},
}
"""Command -> its exit codes besides those of all commands. `fleet` has a list of its own."""

OF_ALL = {
    2: "wrong usage or target, or a file cannot be read or written",
    70: "internal error: please report it",
    130: "Ctrl-C; the best answer so far is kept",
    141: "the reader of the output has ended; files are written",
}


def rows(command: str) -> list[tuple[str, str]]:
    """Each exit code of a command with its meaning, in rising order; none for a command without a list here."""
    own = OWN.get(command)
    return [] if own is None else [(str(code), text) for code, text in sorted({**own, **OF_ALL}.items())]
