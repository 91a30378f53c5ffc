"""Values of inputs, read from a file."""

import numpy as np
import pytest

from tmpass.base.errors import UsageError
from tmpass.execution.inputs import read_all, read_inputs


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


@pytest.mark.parametrize(
    ("name", "path"),
    [("x", "x.npy"), ("x=1", "x.npy"), ("a=b=c", "x.npy"), ("x", "rate=0.1/x.npy"), ("a=b", "rate=0.1/x=y.npy")],
)
def test_names_and_paths_with_equals_signs(tmp_path, monkeypatch, name, path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / path).parent.mkdir(exist_ok=True)
    np.save(path, np.arange(3))
    for where in (path, tmp_path / path):
        (found,) = read_all(None, [f"{name}={where}"]).items()
        assert (found[0], found[1].tolist()) == (name, [0, 1, 2])


@pytest.mark.parametrize("text", ["x", "", "=", "x=", "=x.npy"])
def test_a_value_without_a_name_or_a_file(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", np.arange(3))
    with pytest.raises(UsageError, match="has no name or no file; write --input NAME=FILE"):
        read_all(None, [text])


def test_a_file_that_does_not_exist_is_named():
    with pytest.raises(UsageError, match=r"^b=none.npy: there is no such file"):
        read_all(None, ["a=b=none.npy"])
