"""A frontend for tests whose models do harm to the process that reads them. It is registered as a package would be.

A model is a text: a word for the harm, and the arguments of that word.
"""

import os
import signal
import time
from pathlib import Path

from tmpass.base.dtypes import DType
from tmpass.graph.model import Entry, Graph, Op, Subgraph, Tensor

NAME = "poison"
SUFFIXES = (".poison",)

_INFO = "Metadata-Version: 2.1\nName: poison\nVersion: 1\n"


def accepts(source):
    return isinstance(source, bytes) and source.startswith(b"poison ")


def to_bytes(source):
    return source


def load(data, bindings):
    del bindings
    _, what, *words = data.decode().split()
    if what == "kill":  # each process that reads it
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "exit":
        os._exit(3)
    if what == "hang":
        time.sleep(1000)
    if what == "eat":  # more memory than any limit of a test allows
        bytearray(1 << 42)
    if what == "gorge":  # memory that it uses, until the system ends it, or a GiB
        kept = [bytearray(os.urandom(1 << 20)) for _ in range(1024)]
        raise RuntimeError(f"nothing ended it at {len(kept)} MiB")
    if what == "break":
        raise RuntimeError("this is broken\nin two lines")
    if what in ("once", "log"):  # "once LOG" kills the first process that reads it, "log LOG" none
        with open(words[0], "a") as log:
            log.write(f"{os.getpid()} {what}\n")
        if what == "once" and len(Path(words[0]).read_text().splitlines()) == 1:
            os.kill(os.getpid(), signal.SIGKILL)
    if what == "slow":  # "slow FILE SECONDS" writes the id of its process into the file, whole
        Path(f"{words[0]}.part").write_text(str(os.getpid()))
        os.replace(f"{words[0]}.part", words[0])
        time.sleep(float(words[1]))
    tensors = tuple(Tensor(name, DType("int8", 8), (64,)) for name in "xy")
    main = Subgraph("main", tensors, (Op("TANH", "step", (0,), (1,)),), (0,), (1,))
    return Graph(NAME, (main,), (Entry("main", 0, {"x": 0}, {"y": 1}),))


def register(folder: Path) -> dict[str, str]:
    """Registers this file in `folder` as a package; returns what the environment of a process needs for it."""
    folder.mkdir(exist_ok=True)
    (folder / "poison.py").write_text(Path(__file__).read_text())
    info = folder / "poison-1.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(_INFO)
    (info / "entry_points.txt").write_text("[tmpass.frontends]\npoison = poison\n")
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))}
