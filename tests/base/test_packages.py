"""The command that installs what is missing works as it is typed, in the environment that lacks it."""

import importlib.metadata
import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

from tmpass.base.errors import UsageError
from tmpass.base.packages import check_package, import_package, install_command

LINES = [
    "click>=8.1",
    "onnx>=1.16; extra == 'onnx'",
    'numpy>=1.26; extra == "execute"',
    "onnxruntime>=1.20; python_version >= '3' and extra == 'execute'",
    "tflite-micro>=0.dev0; extra == 'tflm'",
    "tmpass[onnx,execute]; extra == 'all'",
]


@pytest.fixture(autouse=True)
def metadata(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: LINES if name == "tmpass" else None)


@pytest.fixture
def pip_here(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    monkeypatch.setattr(shutil, "which", lambda name: str(Path(sys.executable).parent / name))


@pytest.mark.parametrize(
    ("extra", "command"),
    [
        ("onnx", "pip install 'onnx>=1.16'"),
        ("execute", "pip install 'numpy>=1.26' 'onnxruntime>=1.20'"),
        ("tflm", "pip install --pre 'tflite-micro>=0.dev0'"),
        ("all", "pip install 'numpy>=1.26' 'onnx>=1.16' 'onnxruntime>=1.20'"),
    ],
)
@pytest.mark.usefixtures("pip_here")
def test_the_command_names_the_packages_of_the_extra(extra, command):
    assert install_command(extra) == command


@pytest.mark.usefixtures("pip_here")
def test_a_pip_of_another_environment_is_not_meant(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/pip")
    assert install_command("onnx") == f"{sys.executable} -m pip install 'onnx>=1.16'"


def test_environments_without_pip(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(sys, "executable", "/home/a b/.venv/bin/python")
    assert install_command("onnx") == "uv pip install --python '/home/a b/.venv/bin/python' 'onnx>=1.16'"
    assert "--prerelease=allow 'tflite-micro" in install_command("tflm")
    monkeypatch.setattr(sys, "prefix", "/home/me/.local/share/pipx/venvs/tmpass")
    assert install_command("onnx") == "pipx inject tmpass 'onnx>=1.16'"
    assert install_command("tflm") == "pipx inject --pip-args=--pre tmpass 'tflite-micro>=0.dev0'"


@pytest.mark.usefixtures("pip_here")
def test_a_checkout_that_is_not_installed(monkeypatch):
    def nothing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "requires", nothing)
    assert install_command("onnx") == "pip install 'tmpass[onnx]'"


@pytest.mark.usefixtures("pip_here")
def test_a_missing_package_is_an_error_with_the_command(monkeypatch):
    with pytest.raises(UsageError, match="reading an ONNX model needs absent") as refusal:
        import_package("absent.inner", "onnx", "reading an ONNX model")
    assert refusal.value.hint == "pip install 'onnx>=1.16'"
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match="it needs absent, which is not installed"):
        check_package("absent", "onnx", "it")


def test_what_is_there_is_imported():
    assert import_package("json", "onnx", "it").loads("1") == 1
    check_package("json", "onnx", "it")


def test_ctrl_c_during_an_import_does_not_ask_for_a_package(tmp_path, monkeypatch):
    """Native modules make an ImportError of it."""
    text = "try:\n    raise KeyboardInterrupt\nexcept KeyboardInterrupt as error:\n    raise ImportError from error\n"
    (tmp_path / "half_loaded.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        import_package("half_loaded", "onnx", "reading")
