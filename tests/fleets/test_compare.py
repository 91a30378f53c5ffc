"""What got worse since an earlier run fails, by more than what is allowed; what was no better before does not."""

from dataclasses import replace
from fractions import Fraction

import pytest

from tmpass.fleets.compare import compare, worst
from tmpass.fleets.row import MemoryFigures, Row
from tmpass.plans.diff import Limit

NONE, PERCENT = Limit(Fraction(0), relative=False), Limit(Fraction(1), relative=True)


ASKED = {"options": "", "profile": "2:0"}


def row(peak=1000, needed=1200, **fields):
    memory = MemoryFigures("arena", 4000, needed, peak)
    base = Row(
        "a", "t", fits=True, status="optimal", peak=peak, needed=needed, transfers=0, memories=(memory,), **ASKED
    )
    return replace(base, **fields)


BROKEN = Row("a", "t", error="it is broken", code=3, **ASKED)
OPEN = row(fits=False, status="unknown", code=4)
TOO_LARGE = row(peak=9000, needed=9200, fits=False, status="infeasible", code=1)


@pytest.mark.parametrize(
    ("old", "new", "limit", "code", "lines"),
    [
        (row(), row(), NONE, 0, []),
        (row(), row(1001), NONE, 1, ["a on t: peak of arena 1000 B -> 1001 B (+1 B, +0.10 %) (more than allowed)"]),
        (row(), row(1001), PERCENT, 0, ["a on t: peak of arena 1000 B -> 1001 B (+1 B, +0.10 %)"]),
        (row(), row(900), NONE, 0, ["a on t: peak of arena 1000 B -> 900 B (-100 B, -10.00 %)"]),
        (row(), row(needed=1300), PERCENT, 1, [
            "a on t: need of arena 1200 B (1.172 KiB) -> 1300 B (1.27 KiB) (+100 B, +8.33 %) (more than allowed)",
        ]),
        (row(), row(transfers=5), PERCENT, 1, [
            "a on t: bytes moved by transfers 0 B -> 5 B (+5 B) (more than allowed)",
        ]),
        (row(), BROKEN, NONE, 3, ["a on t: error it is broken"]),
        (BROKEN, BROKEN, NONE, 0, []),
        (BROKEN, replace(BROKEN, error="otherwise"), NONE, 0, ["a on t: error otherwise"]),
        (BROKEN, row(), NONE, 0, ["a on t: no error, it was before: it is broken"]),
        (TOO_LARGE, TOO_LARGE, NONE, 0, []),
        (row(), OPEN, NONE, 4, ["a on t: result fits -> not found to fit"]),
        (row(), row(status="feasible"), NONE, 0, ["a on t: status optimal -> feasible"]),
        (row(), replace(TOO_LARGE, memories=row().memories), NONE, 1, ["a on t: result fits -> does not fit"]),
    ],
)  # fmt: skip
def test_changes(old, new, limit, code, lines):
    found = compare([old], [new], limit)
    assert (found.exit_code, list(found.lines())) == (code, lines)


def test_rows_of_one_run_only_are_counted_and_do_not_fail():
    found = compare([row(), row(model="b")], [row(), row(model="c"), row(model="d")], NONE)
    assert (found.exit_code, list(found.lines())) == (0, ["2 rows are new, 1 is gone"])


def test_other_spellings_of_one_path_are_one_row():
    old = row(model="./zoo//a", target="boards/../boards/t.toml")
    found = compare([old], [row(2000, model="zoo/a", target="boards/t.toml")], NONE)
    assert (found.exit_code, found.shared, found.added, found.gone) == (1, 1, 0, 0)


@pytest.mark.parametrize("old", [[], [row(model="b")], [row(target="u")]])
def test_a_comparison_of_nothing_fails(old):
    found = compare(old, [row()], NONE)
    assert found.exit_code == 2
    assert next(found.lines()).startswith("nothing was compared: ")
    assert list(found.lines())[-1] == f"1 row is new, {len(old)} {'is' if old else 'are'} gone"


@pytest.mark.parametrize(
    ("new", "line"),
    [(BROKEN, "c on t: new, it is broken"), (TOO_LARGE, "c on t: new, does not fit")],
)
def test_a_new_row_that_fails_counts(new, line):
    found = compare([row()], [row(), replace(new, model="c")], NONE)
    assert (found.exit_code, found.failures) == (new.code, 1)
    assert list(found.lines()) == [line, "1 row is new, 0 are gone"]


def test_the_most_serious_code_counts():
    assert [worst(codes) for codes in ([], [0, 1], [1, 4], [4, 3], [3, 2], [2, 5], [5, 70])] == [0, 1, 4, 3, 2, 5, 70]


def test_other_options_and_profiles_are_said():
    plain = [row(options="", profile="2:1"), row(model="b", options="", profile="2:1")]
    other = [replace(one, options="budget=65536") for one in plain]
    found = compare(plain, other, NONE)
    said = "the options of 2 rows differ: none in the baseline, budget=65536 now"
    assert (found.exit_code, found.failures, list(found.lines())) == (0, 1, [said])
    other = [replace(plain[0], profile="2:2"), plain[1]]
    assert list(compare(plain, other, NONE).lines()) == ["the profile of t differs from that of the baseline, in 1 row"]
    assert list(compare(plain, plain, NONE).lines()) == []


def test_a_baseline_without_options_says_so():
    (said,) = compare([row(options=None, profile=None)], [row()], NONE).lines()
    assert said == "the options of 1 row of the baseline are not known: an older tmpass made it"
