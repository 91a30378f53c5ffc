import pytest

from tmpass.base.dtypes import FLOAT32, INT4, STRING
from tmpass.base.errors import ModelError
from tmpass.graph.model import Tensor


@pytest.mark.parametrize(
    ("shape", "dtype", "size"),
    [
        ((), FLOAT32, 4),
        ((2, 3), FLOAT32, 24),
        ((2, 0, 3), FLOAT32, 0),
        ((3,), INT4, 2),
        ((2, "n"), FLOAT32, None),
        (None, FLOAT32, None),
        ((2,), STRING, None),
        ((0, 2**40, 2**40), FLOAT32, 0),
    ],
)
def test_bytes(shape, dtype, size):
    assert Tensor("x", dtype, shape).bytes == size


@pytest.mark.parametrize("shape", [(2**31, 2**31), (2**31 - 1,) * 60_000])
def test_a_size_above_two_to_the_62_is_an_error_at_once(shape):
    with pytest.raises(ModelError, match=r"tensor 'x': shape \[.*\] is above 2\^62 bytes"):
        _ = Tensor("x", FLOAT32, shape).bytes


def test_unknown_names_the_open_dimensions():
    assert Tensor("x", FLOAT32, (1, "n", "m")).unknown == ("n", "m")
