"""Values of inputs, read from a file."""

import numpy as np
import pytest

from tmpass.base.errors import UsageError
from tmpass.execution.inputs import read_inputs


def test_arrays_by_their_names(tmp_path):
    np.savez(tmp_path / "some.npz", **{"x": np.arange(3), "/a/b.c:0": np.float32(2), "texts": np.array(["a", "bc"])})
    found = read_inputs(tmp_path / "some.npz")
    assert {name: array.tolist() for name, array in found.items()} == {
        "x": [0, 1, 2],
        "/a/b.c:0": 2.0,
        "texts": ["a", "bc"],
    }


def test_the_tensors_of_a_sequence(tmp_path):
    parts = {f"s[{i}]": np.full(i, i) for i in (10, 2, 1, 0, 3, 4, 5, 6, 7, 8, 9)}
    np.savez_compressed(tmp_path / "some.npz", **parts)
    assert [len(array) for array in read_inputs(tmp_path / "some.npz")["s"]] == list(range(11))


@pytest.mark.parametrize("names", [("s[1]",), ("s[0]", "s[2]"), ("s[0]", "s")])
def test_a_sequence_with_holes(tmp_path, names):
    np.savez(tmp_path / "some.npz", **{name: np.ones(1) for name in names})
    with pytest.raises(UsageError, match="the tensors of 's' are not numbered from 0 without a hole"):
        read_inputs(tmp_path / "some.npz")


@pytest.mark.parametrize(
    ("name", "write", "said"),
    [
        ("none.npz", None, "there is no such file"),
        ("one.npy", lambda path: np.save(path, np.ones(3)), "it is one array, without a name"),
        ("odd.npz", lambda path: path.write_bytes(b"PK\x03\x04 no archive"), "it cannot be read"),
        ("odd.npz", lambda path: path.write_bytes(b""), "it cannot be read"),
        ("odd.npz", lambda path: np.savez(path, x=np.array([{}], object)), "it cannot be read: Object arrays"),
    ],
)
def test_what_is_not_such_a_file(tmp_path, name, write, said):
    if write is not None:
        write(tmp_path / name)
    with pytest.raises(UsageError) as error:
        read_inputs(tmp_path / name)
    assert said in str(error.value)
    assert str(error.value).isprintable()


def test_a_directory_or_device():
    for path in ("/dev/zero", "/"):
        with pytest.raises(UsageError, match="there is no such file"):
            read_inputs(path)
