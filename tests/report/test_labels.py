"""Short names of tensors for pictures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmpass.report.labels import short_labels, shortened


def test_what_more_than_half_begin_with_is_left_out():
    names = ["net/a/conv", "net/a/bn", "net/b/conv", "x"]
    assert short_labels(names) == {"net/a/conv": "a/conv", "net/a/bn": "a/bn", "net/b/conv": "b/conv"}
    assert short_labels(["net/a/conv", "x", "y"]) == {}
    assert short_labels(["m.layers.0.w", "m.layers.1.w"]) == {"m.layers.0.w": "0.w", "m.layers.1.w": "1.w"}


def test_a_label_stands_for_one_tensor():
    assert short_labels(["net/a", "net/b", "a"]) == {"net/b": "b"}
    assert short_labels(["net/", "net/b"]) == {"net/b": "b"}


@given(st.lists(st.text("ab/.;", max_size=8), max_size=12))
def test_labels_are_the_names_without_a_beginning(names):
    found = short_labels(names)
    shown = [found.get(name, name) for name in dict.fromkeys(names)]
    assert len(set(shown)) == len(shown)
    assert all(label and len(label) < len(name) for name, label in found.items())


@pytest.mark.parametrize(
    ("name", "room", "text"),
    [
        ("a/bc/def", 8, "a/bc/def"),
        ("a/bc/def", 7, "\u2026bc/def"),
        ("a/bc/def", 6, "\u2026def"),
        ("a/bc/def", 3, "\u2026ef"),
        ("abcdef", 4, "\u2026def"),
        ("abcdef", 2, ""),
        ("abc/", 3, "\u2026c/"),
    ],
)
def test_a_long_name_is_cut_at_its_beginning(name, room, text):
    assert shortened(name, room) == text


def test_no_label_is_another_name():
    labels = short_labels(["m/m/x", "m/x", "x", "m/y"])
    shown = [labels.get(name, name) for name in ("m/m/x", "m/x", "x", "m/y")]
    assert len(set(shown)) == 4
