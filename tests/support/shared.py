"""The real models and problems beside the project: tests on them are skipped where they are missing.

With TMPASS_REQUIRE_SHARED=1, as in CI, a missing folder is a failure.
"""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).parent.parent.parent.parent / "shared"


def files(pattern: str) -> list[Path]:
    """The files that `pattern` finds below the shared folder, sorted."""
    return sorted(SHARED.glob(pattern))


def parametrize(pattern: str):
    """A test for each file of `pattern`, by its name; one skipped or failing test where there is none."""
    found = files(pattern)
    if found:
        return pytest.mark.parametrize("path", found, ids=lambda path: path.name)
    if os.environ.get("TMPASS_REQUIRE_SHARED") == "1":
        return pytest.mark.parametrize("path", [SHARED / pattern], ids=["missing"])
    reason = f"there is no {pattern} in {SHARED.name}/ beside the project"
    return pytest.mark.parametrize("path", [pytest.param(None, marks=pytest.mark.skip(reason=reason))])
