"""Parts from outside the package: the steps of docs/dev/adding.md, as the page has them."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "dev" / "adding.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


FILES = {text.split("\n", 1)[0].removeprefix("# "): text for text in blocks("(?:python|toml)") if text.startswith("# ")}
"""Name -> text of each file on the page."""

PROJECT = tomllib.loads(next(text for text in blocks("toml") if text.startswith("[project]")))["project"]

GROUPS = {"tmpass.allocators", "tmpass.formats", "tmpass.frontends", "tmpass.residency", "tmpass.runtimes"}

PARTS = ("toy_allocator", "toy_format", "toy_frontend", "toy_residency", "toy_runtime")


def sessions():
    """Each block of commands on the page: pairs of a command and the lines that it prints."""
    for block in blocks("console"):
        found = []
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line.removeprefix("$ "), []))
            else:
                found[-1][1].append(line)
        yield pytest.param(found, id=found[-1][0])


@pytest.fixture
def shell(tmp_path):
    """Runs commands where the parts of the page are registered, as pip would register them."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "models").symlink_to(ROOT / "models")
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    info = tmp_path / "toys-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {PROJECT['name']}\nVersion: {PROJECT['version']}\n")
    register(info, PROJECT["entry-points"])

    def run(command):
        tmpass = f'tmpass() {{ "{sys.executable}" -m tmpass "$@"; }}; '
        return subprocess.run(
            ["bash", "-c", tmpass + command],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def register(info, groups):
    lines = [f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in points.items()) for group, points in groups.items()]
    (info / "entry_points.txt").write_text("\n".join(lines))


def test_the_page_brings_one_file_for_each_kind_of_part():
    assert set(PROJECT["entry-points"]) == GROUPS
    modules = {value.partition(":")[0] for points in PROJECT["entry-points"].values() for value in points.values()}
    assert {f"{module}.py" for module in modules} | {"toy.toml"} == set(FILES)


@pytest.mark.parametrize("session", list(sessions()))
def test_a_command_prints_what_the_page_shows(shell, session):
    for command, lines in session:
        done = shell(command)
        assert (done.returncode, done.stderr) == (0, "")
        if lines:
            assert done.stdout.splitlines() == lines


def test_parts_from_outside_make_plans_that_are_verified(shell):
    plan = "tmpass plan models/branchy.tflite --target ./toy.toml --budget 128KiB"
    verify = "tmpass verify plan.json models/branchy.tflite --target ./toy.toml"
    done = shell(f"{plan} --allocator stack -o plan.json --emit peak=- && {verify}")
    assert done.returncode == 0, done.stderr
    assert re.match(r"sram \d+\n", done.stdout)
    assert "plan.json is right for branchy.tflite" in done.stdout
    assert shell(f"printf 'chain 9' > net.chain; {plan.replace('models/branchy.tflite', 'net.chain')}").returncode == 0


def test_nothing_is_imported_before_it_is_asked_for(shell, tmp_path):
    for name in PARTS:
        (tmp_path / f"{name}.py").write_text("raise SystemExit(99)\n")
    commands = (
        "plan models/branchy.tflite -o plan.json --emit a.csv --emit b.html",
        "emit plan.json --format csv",
        "allocate models/problems/tight.csv --minimize --allocator first-fit",
        "targets show tflm",
        "spill docs/examples/skip.json --capacity 600",
        "--help",
    )
    for command in commands:
        assert shell(f"tmpass {command}").returncode == 0, command


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("allocate models/problems/tight.csv --minimize --allocator stack", "allocator 'stack'"),
        ("plan models/branchy.tflite --emit peak=plan.peak", "format 'peak'"),
        ("emit plan.json --format peak", "format 'peak'"),
        ("plan net.chain", "frontend 'chain'"),
        ("spill docs/examples/skip.json --capacity 600 --residency cheaper", "residency 'cheaper'"),
        ("plan models/branchy.tflite --target ./toy.toml", "runtime 'toy'"),
    ],
)
def test_a_part_that_cannot_be_used_is_one_line(shell, tmp_path, command, what):
    (tmp_path / "net.chain").write_text("chain 1 2")
    assert shell("tmpass plan models/branchy.tflite -o plan.json").returncode == 0
    repair = "; repair or remove the package that brings it\n"
    for text, why in (
        ("import no_such_module\n", " cannot be imported: No module named 'no_such_module'"),
        ("1 / 0\n", " cannot be imported: division by zero"),
        ("TOY = None\n", ", toy_"),
    ):
        for name in PARTS:
            (tmp_path / f"{name}.py").write_text(text)
        done = shell(f"tmpass {command}")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"tmpass: {what}{why}")
        assert done.stderr.endswith(repair)
        assert done.stderr.count("\n") == 1


def test_an_unknown_name_is_refused_with_those_that_there_are(shell):
    done = shell("tmpass allocate models/problems/tight.csv --minimize --allocator heap")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tmpass: allocator 'heap' is unknown; choose one of auto, ")
    assert done.stderr.endswith(", stack\n")
    done = shell("tmpass plan models/branchy.tflite -o plan.json; tmpass emit plan.json --format peek")
    assert done.stderr.startswith("tmpass: no format is named 'peek'; did you mean 'peak'? choose one of json, csv, ")
    assert done.stderr.endswith(", peak\n")


def test_an_allocator_that_is_wrong_is_never_believed(shell, tmp_path):
    text = FILES["toy_allocator.py"].replace("offsets.append(offset)", "offsets.append(0)")
    (tmp_path / "toy_allocator.py").write_text(text)
    done = shell("tmpass allocate models/problems/tight.csv --minimize --allocator stack")
    assert done.returncode == 5
    assert "allocator stack broke a law" in done.stderr
    assert "this is a fault of the package that brings it" in done.stderr


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("episodes=()", "is not in the scratchpad at step 0"),
        ("cost=1", "the cost"),
        ("order=(0, 1, 3, 2, 4)", "the operators do not run in the given order"),
    ],
)
def test_a_method_of_residency_that_is_wrong_is_never_believed(shell, tmp_path, change, fault):
    text = FILES["toy_residency.py"].replace('method="cheaper"', f'method="cheaper", {change}')
    (tmp_path / "toy_residency.py").write_text(text)
    done = shell("tmpass spill docs/examples/skip.json --capacity 800 --order given --residency cheaper")
    assert done.returncode == 5
    assert "method cheaper broke a law: " in done.stderr
    assert fault in done.stderr
    assert "this is a fault of the package that brings it" in done.stderr


def test_an_allocator_that_counts_in_fractions_is_not_a_fault_of_the_user(shell, tmp_path):
    text = FILES["toy_allocator.py"].replace("offsets.append(offset)", "offsets.append(float(offset))")
    (tmp_path / "toy_allocator.py").write_text(text)
    done = shell("tmpass allocate models/problems/tight.csv --minimize --allocator stack")
    assert done.returncode == 5
    assert "allocator stack broke a law: the offset 0.0 is not a whole number" in done.stderr


def test_two_packages_that_bring_one_name_are_told(shell, tmp_path):
    other = tmp_path / "others-1.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 1\n")
    register(other, {"tmpass.allocators": {"stack": "toy_format", "auto": "toy_format"}})
    done = shell("tmpass allocate models/problems/tight.csv --minimize --allocator stack")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tmpass: allocator 'stack' is toy_allocator and toy_format; remove one")
    assert shell("tmpass allocate models/problems/tight.csv --minimize").returncode == 0
