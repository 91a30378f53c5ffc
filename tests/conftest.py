"""Property tests draw the same examples wherever CI is set, so that a change is judged by what it changed."""

import os

from hypothesis import settings

settings.register_profile("ci", derandomize=True, database=None)
if os.environ.get("CI") or os.environ.get("TMPASS_REQUIRE_SHARED"):
    settings.load_profile("ci")
