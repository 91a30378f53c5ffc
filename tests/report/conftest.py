"""A browser for the tests of the HTML page."""

from contextlib import contextmanager

import pytest
from support.browser import browser as browser

from tmpass.report.formats.html import emit

WIDE, HIGH = 1280, 900


@pytest.fixture
def look(browser, tmp_path):
    """Opens the page of a plan. Anything that the page complains of, or asks for, is a failure."""

    @contextmanager
    def opened(made, before=None, facts=None, **options):
        path = tmp_path / "page.html"
        path.write_text(emit(made, before, facts), encoding="utf-8")
        page = browser.new_page(**{"viewport": {"width": WIDE, "height": HIGH}, **options})
        troubles = []
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "request", lambda asked: troubles.append(asked.url) if not asked.url.startswith(("file:", "data:")) else 0
        )
        page.goto(path.as_uri())
        yield page
        page.close()
        assert troubles == []

    return opened
