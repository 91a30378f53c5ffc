"""The overview in a browser: a table to sort and filter, links to the pages of plans, without a complaint."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from support.browser import browser as browser

import tmpass
from tmpass.fleets.fleet import Means
from tmpass.fleets.outputs.html import emit

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser, zoo, tmp_path):
    """The overview of the zoo on two targets. Anything that it complains of, or asks for, is a failure."""
    means = Means(executor=ThreadPoolExecutor(1), pages=tmp_path / "z_pages")
    found = tmpass.fleet(zoo, ["tflm-nrf52840", "ethos-u65"], means=means, budget="8KiB")
    path = tmp_path / "z.html"
    path.write_text(emit(found.rows, None, found.pages, str(path)), encoding="utf-8")
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    troubles = []
    opened.on("console", lambda message: troubles.append(message.text))
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("request", lambda asked: troubles.append(asked.url) if not asked.url.startswith("file:") else 0)
    opened.goto(path.as_uri())
    yield opened
    assert troubles == []
    opened.close()


def shown(page):
    return [
        (row.locator("th").inner_text(), row.locator("td").first.inner_text())
        for row in page.locator("#rows tbody tr:visible").all()
    ]


def test_it_is_filtered_by_name_target_and_result(page):
    assert page.locator("#count").inner_text() == "8 of 8 rows"
    page.fill("input[name=text]", "LARGE")
    assert shown(page) == [("inner/large.tflite", "tflm-nrf52840"), ("inner/large.tflite", "ethos-u65")]
    page.select_option("select[name=target]", "ethos-u65")
    assert page.locator("#count").inner_text() == "1 of 8 rows"
    page.fill("input[name=text]", "")
    page.select_option("select[name=state]", "error")
    assert shown(page) == [("inner/broken.tflite", "ethos-u65")]


def test_it_is_sorted_by_figures_both_ways_with_the_keyboard(page):
    page.select_option("select[name=target]", "ethos-u65")
    button = page.locator("#rows thead button", has_text="peak")
    button.focus()
    page.keyboard.press("Enter")
    assert page.locator("#rows thead th[aria-sort=ascending]").inner_text().startswith("peak")
    names = ["inner/broken.tflite", "b.tflite", "a.tflite", "inner/large.tflite"]
    assert [name for name, _ in shown(page)] == names
    page.keyboard.press("Enter")
    assert [name for name, _ in shown(page)] == names[::-1]


def test_a_row_leads_to_the_page_of_its_plan(page):
    page.locator("#rows a", has_text="a.tflite").first.click()
    assert "a.tflite on tflm-nrf52840" in page.title()
    page.go_back()
    assert page.locator("#rows a").count() == 6


def test_it_fits_a_narrow_window_in_light_and_dark(page):
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": 700, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
