"""Short names of tensors for pictures: without the beginning that most names of a model share.

nasnet/cell_1/add, nasnet/cell_1/conv, x    ->    cell_1/add, cell_1/conv, x
"""

import re
from collections import Counter
from collections.abc import Iterable

_SEGMENT = re.compile(r"[^/.]*[/.]")
"""A part of a name up to a separator of exporters."""


def short_labels(names: Iterable[str]) -> dict[str, str]:
    """Name -> label, for each name that has a shorter one. No label is that of another name, or another name itself.

    Args:
        names: of the tensors of a model. A converter joins the names of fused operators with semicolons.
    """
    known = dict.fromkeys(names)
    shared = _shared([part for name in known for part in name.split(";")])
    if not shared:
        return {}
    labels = {name: ";".join(_without(part, shared) for part in name.split(";")) for name in known}
    times = Counter(labels.values())
    return {
        name: label
        for name, label in labels.items()
        if label != name and label and times[label] == 1 and label not in known
    }


def _shared(names: list[str]) -> str:
    """The longest beginning, of whole segments, of more than half of `names`."""
    shared = ""
    while True:
        here = (_SEGMENT.match(name, len(shared)) for name in names if name.startswith(shared))
        found = Counter(match.group() for match in here if match)
        best, times = max(found.items(), key=lambda item: (item[1], item[0]), default=("", 0))
        if not best or times <= len(names) // 2:
            return shared
        shared += best


def _without(name: str, shared: str) -> str:
    return name.removeprefix(shared) if name != shared else name


def shortened(name: str, room: int) -> str:
    """The end of a long name, which is more specific than its beginning; empty where there is no room.

    Args:
        name: any.
        room: characters. Where whole segments of the end fit, the name is cut between segments.
    """
    if len(name) <= room:
        return name
    if room <= 2:
        return ""
    at = next((m.end() for m in re.finditer(r"[/.;]", name) if len(name) - m.end() < room), None)
    start = len(name) + 1 - room if at is None or at == len(name) else at
    return f"\N{HORIZONTAL ELLIPSIS}{name[start:]}"
