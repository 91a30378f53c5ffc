"""Packages that only some uses need: those of an extra, and the command that installs what is missing."""

import os
import re
import sys
from typing import Any

from tmpass.base.errors import UsageError


def import_package(module: str, extra: str, what: str) -> Any:
    """The module of that name, which only some uses need.

    Args:
        module: its full name.
        extra: of pyproject.toml; it lists the package.
        what: needs it, for the error: "reading an ONNX model".

    Raises:
        UsageError: it cannot be imported. The hint is the command that installs it.
        KeyboardInterrupt: Ctrl-C came while it was imported.
    """
    from importlib import import_module

    try:
        return import_module(module)
    except ImportError as error:
        if _is_interrupted(error):
            raise KeyboardInterrupt from None
        raise UsageError(f"{what} needs {module.partition('.')[0]}: {error}", hint=install_command(extra)) from None


def _is_interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C caused an error: native modules make an ImportError of it while they are loaded."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def check_package(package: str, extra: str, what: str) -> None:
    """Raise as `import_package` does where `package` is not installed, and import nothing.

    Raises:
        UsageError: it is not installed.
    """
    from importlib.util import find_spec

    if package not in sys.modules and find_spec(package) is None:
        raise UsageError(f"{what} needs {package}, which is not installed", hint=install_command(extra))


def install_command(extra: str) -> str:
    """The shell command that installs the packages of `extra` into the environment of this interpreter.

    It names the packages, not tmpass: so it works whether tmpass came from an index, a wheel, or a checkout.
    """
    packages = _packages(extra) or [f"tmpass[{extra}]"]
    development = any("dev" in package for package in packages)
    return " ".join([_installer(development=development), *map(_quoted, packages)])


def _packages(extra: str) -> list[str]:
    """The requirements of `extra`, as pip takes them; those of extras of tmpass itself are resolved.

    Empty where tmpass is not installed but on the path.
    """
    from importlib.metadata import PackageNotFoundError, requires

    found: list[str] = []
    try:
        lines = requires("tmpass") or []
    except PackageNotFoundError:
        return found
    for line in lines:
        requirement, _, marker = (part.strip() for part in line.partition(";"))
        if not re.search(rf"extra\s*==\s*['\"]{re.escape(extra)}['\"]", marker):
            continue
        inner = re.fullmatch(r"tmpass\[([^]]+)\]", requirement)
        found += [p for name in inner[1].split(",") for p in _packages(name.strip())] if inner else [requirement]
    return sorted(set(found))


def _installer(*, development: bool) -> str:
    """The command that installs packages into this environment, by the tool that made it; also `development` ones."""
    prefix = sys.prefix.replace(os.sep, "/")
    if "/pipx/venvs/" in prefix:
        return "pipx inject --pip-args=--pre tmpass" if development else "pipx inject tmpass"
    from importlib.util import find_spec

    if find_spec("pip") is None:  # as in environments of uv
        return f"uv pip install --python {_quoted(sys.executable)}" + (" --prerelease=allow" if development else "")
    from shutil import which

    on_path = which("pip")
    same = on_path is not None and os.path.dirname(os.path.abspath(on_path)) == os.path.dirname(sys.executable)
    pip = "pip install" if same else f"{_quoted(sys.executable)} -m pip install"
    return f"{pip} --pre" if development else pip


def _quoted(word: str) -> str:
    """`word` as the shell of the system takes it."""
    mark = '"' if os.name == "nt" else "'"
    return f"{mark}{word}{mark}" if re.search(r"[^\w./-]", word) else word
