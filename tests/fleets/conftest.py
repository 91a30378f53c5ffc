"""Small models for fleets, and a frontend whose models harm the process that reads them."""

from pathlib import Path

import pytest
from support import poison
from tflite_writer import Operator, Subgraph, Tensor, write_model


def chain(*sizes: int) -> bytes:
    """A TFLite file whose operators pass tensors of these sizes on."""
    tensors = [Tensor(f"t{i}", [size], "UINT8") for i, size in enumerate(sizes)]
    operators = [Operator("TANH", [i], [i + 1], custom=True) for i in range(len(sizes) - 1)]
    return write_model([Subgraph(tensors, operators, [0], [len(sizes) - 1])])


@pytest.fixture
def zoo(tmp_path) -> Path:
    """A folder with two models that fit a budget of 8 KiB, one that does not, and one that is broken."""
    folder = tmp_path / "zoo"
    (folder / "inner").mkdir(parents=True)
    (folder / "b.tflite").write_bytes(chain(64, 128))
    (folder / "a.tflite").write_bytes(chain(1024, 3000, 512))
    (folder / "inner" / "large.tflite").write_bytes(chain(8000, 9000))
    (folder / "inner" / "broken.tflite").write_bytes(b"TFL3 or not")
    (folder / "readme.txt").write_text("not a model")
    return folder


@pytest.fixture
def harmful(tmp_path, monkeypatch):
    """Writes a model of support/poison.py, which workers know as a frontend."""
    for name, value in poison.register(tmp_path / "packages").items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(tmp_path / "packages")  # which processes of multiprocessing take over

    def written(name: str, *words: object) -> str:
        path = tmp_path / "harm" / f"{name}.poison"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"poison {' '.join(map(str, words))}")
        return str(path)

    return written
