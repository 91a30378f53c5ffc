"""The examples in docstrings say what happens."""

import doctest

import pytest

from tmpass.planning.residency import placement, weights


@pytest.mark.parametrize("module", [placement, weights])
def test_examples_are_right(module):
    done = doctest.testmod(module)
    assert done.attempted > 0
    assert done.failed == 0
