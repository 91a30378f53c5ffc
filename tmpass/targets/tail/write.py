"""Writing of files of kernels, which `parse_kernels` reads."""

import json
from collections.abc import Iterable, Mapping

from tmpass.targets.tail.read import SCHEMA
from tmpass.targets.tail.rules import Kernel, Size

_WHOLE = "# The whole model, in bytes; `arena` is the least in which it can be prepared."


def kernels_toml(kernels: Iterable[Kernel], sha256: str, source: str, measured: Mapping[str, int]) -> str:
    """The text of a file of kernels, each for one operator.

    Args:
        kernels: with places.
        sha256: that of the model's file.
        source: where the numbers come from.
        measured: figures of the whole model, in bytes, which are for the reader only.
    """
    parts = [f'schema = "{SCHEMA}"\nsource = {json.dumps(source)}\nsha256 = "{sha256}"\n']
    if measured:
        figures = "".join(f"{name} = {size}\n" for name, size in measured.items())
        parts.append(
            f"# The whole model, in bytes; `arena` is the least in which it can be prepared.\n[measured]\n{figures}"
        )
    for kernel in kernels:
        s, index = kernel.place or (0, 0)
        lines = [f"op = {json.dumps(kernel.kind)}", f"subgraph = {s}", f"index = {index}"]
        lines += [f"persistent = {_listed(kernel.persistent)}", f"scratch = {_listed(kernel.scratch)}"]
        parts.append("\n".join(["[[kernel]]", *lines]) + "\n")
    return "\n".join(parts)


def _listed(sizes: Iterable[Size]) -> str:
    return f"[{', '.join(map(json.dumps, sizes))}]"
