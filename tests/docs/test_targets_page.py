"""The page on targets has a whole profile, with each key that a profile must have."""

import re
from pathlib import Path

import pytest

from tmpass.targets import load_target, parse_target

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "targets.md").read_text(encoding="utf-8")
PROFILE = PAGE.split("## A target of your own")[1].split("```toml\n")[1].split("```")[0]


def test_the_profile_of_the_page_is_the_one_that_it_names():
    found, real = parse_target(PROFILE, "page"), load_target("tflm-nrf52840")
    assert found == real
    text = (ROOT / "tmpass" / "targets" / "profiles" / "tflm-nrf52840.toml").read_text(encoding="utf-8")
    assert PROFILE.strip() == text[text.index("name") :].strip()


KEYS = "name summary standing consumer runtime kernels word int8 macs_per_second prefetch sharing scratch"


@pytest.mark.parametrize("key", KEYS.split())
def test_each_key_of_a_profile_is_explained(key):
    assert re.search(rf"`\[*{key}\b", PAGE)
