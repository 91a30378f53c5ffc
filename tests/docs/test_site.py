"""The site: it builds without a warning, and every command, format, target and public name is in it."""

import html
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tmpass
from tmpass.cli import COMMANDS
from tmpass.report.formats.registry import all_formats
from tmpass.targets import target_names

ROOT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    for name in ("mkdocs", "material", "mkdocstrings", "mkdocs_same_dir"):
        pytest.importorskip(name, reason=f"{name} is not installed: pip install -e '.[docs]'")
    place = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "-f", "docs/mkdocs.yml", "-d", str(place)],
        cwd=ROOT,
        env={**os.environ, "DISABLE_MKDOCS_2_WARNING": "true", "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return place


def test_every_command_has_a_page_with_its_options(site):
    for name in COMMANDS:
        text = (site / "commands" / f"{name}.html").read_text(encoding="utf-8")
        assert f"<code>tmpass {name} " in text
        assert "Sentinel" not in text
    text = (site / "commands" / "plan.html").read_text(encoding="utf-8")
    assert "<code>--bind NAME=N</code>" in text
    assert "tmpass plan model.tflite --target pixel6-tpu\n" in html.unescape(text)


def test_every_format_target_and_public_name_is_listed(site):
    formats, targets, names = (
        (site / f"{page}.html").read_text(encoding="utf-8") for page in ("formats", "targets", "python")
    )
    assert all(f"<code>{form.NAME}</code>" in formats for form in all_formats())
    assert all(f"<code>{name}</code>" in targets for name in target_names())
    assert all(f'.{name}"' in names for name in tmpass.__all__)


def test_the_scripts_of_the_pages_are_in_it(site):
    for page, script in (("tutorial", "run_in_tflm"), ("conversion-script", "convert")):
        text = html.unescape(re.sub("<[^>]*>", "", (site / f"{page}.html").read_text(encoding="utf-8")))
        assert (ROOT / "docs" / "examples" / f"{script}.py").read_text(encoding="utf-8").strip() in text


def test_nothing_is_asked_for_from_elsewhere_and_the_drawings_are_there(site):
    index = (site / "index.html").read_text(encoding="utf-8")
    assert "fonts.googleapis" not in index
    assert 'src="drawings/after.svg"' in index
    assert (site / "drawings" / "branchy.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert (site / "plan.schema.json").read_bytes() == (ROOT / "docs" / "plan.schema.json").read_bytes()
    assert not list(site.rglob("*.py"))
