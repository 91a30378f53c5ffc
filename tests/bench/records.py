"""Records of a run of the benchmarks, so that a run that was stopped can continue.

A folder has one file for each section and commit, with the tables of the section. After another commit, all sections
are measured again. Nothing is recorded in a working tree with uncommitted changes.
"""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from table import Table


def commit() -> str:
    """The commit of this tree, short; with `-dirty` where files differ from it."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--exclude", "*"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def read(folder: Path | None, section: str) -> list[Table]:
    """The tables of a section that were kept for this commit; none without a folder, or where nothing was kept."""
    path = path_of(folder, f"{section}.json")
    if path is None or not path.exists():
        return []
    rows = json.loads(path.read_text())
    return [
        Table(one["name"], tuple(one["header"]), tuple(tuple(row) for row in one["rows"]), one["note"]) for one in rows
    ]


def write(folder: Path | None, section: str, tables: Sequence[Table]) -> None:
    """Keep the tables of a section for this commit."""
    path = path_of(folder, f"{section}.json")
    if path is not None:
        path.write_text(json.dumps([asdict(table) for table in tables], indent=1) + "\n")


def path_of(folder: Path | None, name: str) -> Path | None:
    """The file `name` of this commit in a folder that is made; None without a folder, or where the tree has changes."""
    at = commit()
    if folder is None or at.endswith("-dirty"):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{at}-{name}"
