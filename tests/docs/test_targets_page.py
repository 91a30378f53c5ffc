"""The page on targets has a whole profile, with each key that a profile must have."""

import re
from pathlib import Path

import pytest

import tmpass
from tmpass.base.errors import TargetError
from tmpass.report.left_out import not_counted
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


SMALLEST = re.findall(r"```toml\n(name = .*?)```", PAGE, re.DOTALL)[1]


def test_the_smallest_profile_of_the_page_makes_a_plan_that_says_what_it_does_not_count(tmp_path):
    board = tmp_path / "board.toml"
    board.write_text(SMALLEST)
    made = tmpass.plan(ROOT / "models" / "branchy.tflite", board)
    told = "what a runtime keeps for itself (the profile names no runtime)"
    assert (made.fits, not_counted(made).endswith(f"; {told}")) == (True, True)
    board.write_text(SMALLEST.replace("[[memory]]", 'runtime = "tflm"\n[[memory]]', 1))
    assert told not in not_counted(tmpass.plan(ROOT / "models" / "branchy.tflite", board))
    assert told not in not_counted(tmpass.plan(ROOT / "models" / "branchy.tflite"))


@pytest.mark.parametrize(
    "key", re.findall(r"^\| `(\w+)` \|", PAGE.split("| key |")[1].split("The *home*")[0], re.MULTILINE)
)
def test_each_key_of_a_memory_is_written_as_the_page_says(key):
    """`name` is a text, `holds` a list, and each other key has a value with its source."""
    values = {"compute": "true", "survives": "true", "bandwidth": '"1 GB/s"', "write_bandwidth": '"1 GB/s"'}
    line = f'{key} = {{ value = {values.get(key, 16)}, source = "data sheet" }}\n'
    if key in ("name", "holds"):
        with pytest.raises(TargetError, match=key):
            parse_target(re.sub(rf"(?m)^{key} = .*\n", line, SMALLEST), "page")
        return
    kept = re.sub(rf"(?m)^{key} = .*\n", "", SMALLEST)
    more = 'bandwidth = { value = "1 GB/s", source = "data sheet" }\n' if key == "write_bandwidth" else ""
    assert parse_target(kept + more + line, "page").memories[0].sources[key] == "data sheet"
