"""Holds the foretold arenas of LiteRT against the interpreter, in the order of the file.

python tests/bench/litert_arena.py ../shared/models/tflite
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parents[2] / "models")]

from support.interpreters import ROOM
from support.litert_arena import arenas
from table import Table

HEADER = ("model", "planned", "arena", "planned, persistent", "persistent arena", "not counted: scratch of")


def table(folder: Path) -> Table:
    """The table of all models of `folder`, and below it how many are foretold."""
    paths = sorted(path for path in folder.glob("*.tflite") if path.stat().st_size < ROOM)
    rows = [(path.name, found) for path in paths if (found := arenas(path)) is not None]
    whole = [found for _, found in rows if not found.unknown]
    exact = sum(found.planned == found.arena for found in whole)
    note = f"Of {len(whole)} arenas without unknown scratch, {exact} are as planned."
    cells = tuple(
        (name, one.planned, one.arena, one.planned_apart, one.apart, ", ".join(one.unknown)) for name, one in rows
    )
    return Table("litert-arena", HEADER, cells, note)


if __name__ == "__main__":
    print(table(Path(sys.argv[1])).markdown())
