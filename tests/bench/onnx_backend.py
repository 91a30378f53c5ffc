"""All test models of the onnx package: how many are planned, verified and executed, and why the others are not.

    python tests/bench/onnx_backend.py [PART OF A NAME] 2>progress.txt

Prints a line on standard error after each model. The exit code is 1 if a right plan was called wrong, or if an
undocumented exception was raised.
"""

import re
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from support.onnx_backend import KINDS, cases, judge

_SHOWN = 6


def main() -> int:
    """Print a line per outcome and reason; return 1 after a false alarm or an undocumented exception."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    began, counts, notes = time.monotonic(), Counter[str](), Counter[str]()
    reasons: dict[tuple[str, str], list[str]] = defaultdict(list)
    for case in cases():
        if wanted not in case.name:
            continue
        found = judge(case)
        counts[found.kind] += 1
        print(found.kind, case.name, found.reason, *found.notes, sep="\t", file=sys.stderr, flush=True)
        if found.reason:
            reasons[found.kind, general(found.reason)].append(f"{case.name}: {found.reason}")
        notes.update({general(note): 1 for note in found.notes})
    for kind, words in KINDS.items():
        print(f"{counts[kind]:6} {kind:12} {words}")
    print(f"{sum(counts.values()):6} models in {time.monotonic() - began:.0f} s")
    for (kind, reason), names in sorted(reasons.items(), key=lambda item: (item[0][0], -len(item[1]))):
        print(f"\n{kind}, {len(names)}: {reason}")
        for line in names[:_SHOWN] if kind != "false alarm" else names:
            print(f"    {line[:300]}")
    for note, count in notes.most_common():
        print(f"\nnote, {count}: {note}")
    return int(bool(counts["false alarm"] or counts["stumbled"]))


def general(reason: str) -> str:
    """A reason without the names and numbers of one model."""
    return re.sub(r"\d+(\.\d+)?(e-?\d+)?", "N", re.sub(r"'[^']*'", "'...'", reason))[:160]


if __name__ == "__main__":
    sys.exit(main())
