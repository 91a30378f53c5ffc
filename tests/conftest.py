"""Property tests draw the same examples wherever CI is set, so that a change is judged by what it changed."""

import gc
import os

from hypothesis import HealthCheck, settings

settings.register_profile("ci", derandomize=True, database=None)
if os.environ.get("CI") or os.environ.get("TMPASS_REQUIRE_SHARED"):
    settings.load_profile("ci")
if os.environ.get("TMPASS_SANITIZED"):  # where all takes several times as long
    slowly = [HealthCheck.too_slow]
    settings.register_profile("sanitized", settings.get_profile("ci"), deadline=None, suppress_health_check=slowly)
    settings.load_profile("sanitized")


def pytest_sessionstart() -> None:
    """Collect no garbage while 12,000 tests are collected, all of which stay: it took a third of that time."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Leave what was collected out of all later searches for garbage."""
    gc.collect()
    gc.freeze()
    gc.enable()
