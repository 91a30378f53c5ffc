"""A few of the boards that drawn_boards.py draws by the thousand."""

from collections import Counter

import pytest
from fuzz.drawn_boards import check


@pytest.mark.parametrize("seed", range(4))
def test_no_proof_that_a_model_does_not_fit_is_refuted(seed):
    counts = Counter()
    for board in range(100):
        check(1000 * seed + board, 5, counts)
    assert counts["above, with a proof"] > 4 * counts["above, without an answer"]
    assert counts["proved again"] > counts["room"] // 2
