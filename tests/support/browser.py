"""Chromium, for the tests marked browser."""

import os
import shutil

import pytest


@pytest.fixture(scope="module")
def browser():
    pytest.importorskip("playwright", reason="playwright is not installed")
    from playwright.sync_api import Error, sync_playwright

    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        try:
            started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"] * (os.name == "posix"))
        except Error as error:
            pytest.skip(f"there is no Chromium: {str(error).splitlines()[0]}")
        yield started
        started.close()
