"""Finding tensors on the HTML page, in all memories and by address; and sizes as the command line writes them."""

import random
import re

import pytest
from support.pages import MODELS, plan_of

from tmpass.api.plan import plan
from tmpass.base.sizes import MAX_BYTES
from tmpass.report.formats import html
from tmpass.report.text import short_size

pytestmark = pytest.mark.browser


def test_sizes_are_those_of_the_command_line(look):
    """Halves above all, which are common since units are powers of two: 800000 B are 781.25 KiB."""
    script = (html._PARTS / "data.js").read_text()
    function = re.search(r"^function shortSize.*?^}", script, re.DOTALL | re.MULTILINE)[0]
    draw = random.Random(7)
    sizes = [0, 1, 1023, 1024, 800_000, 1_023_999, 1_024_000, 1_048_575, 2**40 - 1, 2**53]
    sizes += [2 ** draw.randrange(4, 42) * draw.randrange(1, 4000) // 16 for _ in range(3000)]
    with look(plan_of((0, 800_000, 0, 2))) as page:
        assert "800000 B (781.2 KiB)" in page.inner_text("#figures")
        shown = page.evaluate(f"(sizes) => {{ {function} return sizes.map(shortSize); }}", sizes)
    assert max(sizes) < MAX_BYTES
    assert [text for size, text in zip(sizes, shown, strict=True) if text != short_size(size)] == []


def test_the_search_says_what_other_memories_have_and_goes_there(look):
    made = plan(MODELS / "states.tflite", "litert-cpu")
    first, second = (memory.name for memory in made.arenas)
    names = {memory: {made.tensors_by_key()[key].name for b in made.buffers if b.memory == memory for key in b.tensors}
             for memory in (first, second)}  # fmt: skip
    only = min(name for name in names[second] if not any(name in other for other in names[first]))
    with look(made) as page:
        page.fill("#search", only)
        assert page.inner_text("#found") == f"0 found in {first}, 1 in {second} (Enter shows it)"
        page.press("#search", "Enter")
        assert page.inner_text("#found") == "1 of 1"
        assert page.locator("#memory").evaluate("(box) => box.selectedOptions[0].text") == second
        assert only in page.inner_text("#tip")
        page.fill("#search", "nothing is called so")
        assert page.inner_text("#found") == f"0 found in {second}"


def test_the_search_counts_constants_that_no_picture_has(look):
    made = plan(MODELS / "branchy.tflite", "tflm-nrf52840")
    with look(made) as page:
        names = page.locator("#held tbody td.name:nth-child(2)").all_inner_texts()
        part = names[0][:4]
        page.fill("#search", part)
        assert page.inner_text("#found").endswith(f", {sum(part in name for name in names)} in the table of constants")


@pytest.mark.parametrize(
    ("fragment", "said"),
    [
        ("#tensor=nothing", "nothing is not in this plan"),
        ("#nothing", "nothing is not in this plan"),
        ("#tensor=%", "% is not in this plan"),
        ("#step=99", "step 99 is not in this plan: it has steps 0 to 12"),
        ("#step=x", "step x is not in this plan: it has steps 0 to 12"),
        ("#colour=size", "#colour=size is neither #tensor=NAME nor #step=N"),
    ],
)
def test_an_address_that_the_plan_does_not_have_is_said(look, fragment, said):
    with look(plan(MODELS / "branchy.tflite", "tflm-nrf52840")) as page:
        page.evaluate(f"location.hash = {fragment!r}")
        page.wait_for_function("document.getElementById('found').textContent")
        assert page.inner_text("#found") == said


def test_an_address_may_be_a_bare_name_a_constant_or_a_part_of_the_page(look):
    made = plan(MODELS / "branchy.tflite", "tflm-nrf52840")
    with look(made) as page:
        constant = page.locator("#held tbody td.name").first.inner_text()
        page.evaluate("location.hash = '#stem'")
        page.wait_for_function("!document.getElementById('tip').hidden")
        assert "stem" in page.inner_text("#tip b")
        page.evaluate(f"location.hash = '#tensor=' + encodeURIComponent({constant!r})")
        page.wait_for_function("document.getElementById('search').value")
        assert constant in page.inner_text("#held tbody tr")
        page.evaluate("location.hash = '#all'")
        assert "not in this plan" not in page.inner_text("#found")
