"""Opens a model by path, URL or bytes, and finds the digest of all its files."""

import hashlib
import os
from typing import TYPE_CHECKING, Any, cast

from tmpass.base.errors import ChildError, ModelError, UsageError
from tmpass.base.packages import import_package
from tmpass.base.record import record
from tmpass.fleets.job import Source
from tmpass.loading.open_model import frontend_of, open_model

if TYPE_CHECKING:
    from tmpass.loading.contract import Frontend, ScatteredFrontend


@record
class Opened:
    """The files of a model.

    Fields:
        name: of its file, without folders.
        sha256: of `data`.
        digest: of `data` and of the files with weights beside it.
    """

    name: str
    data: bytes
    frontend: "Frontend"
    sha256: str
    digest: str


def open_source(source: Source) -> Opened:
    """The files of `source`.

    Raises:
        UsageError: the package for a URL is missing.
        ModelError: a file cannot be read, or no frontend knows it.
    """
    if source.data is None and not is_url(source.name):
        name, data, frontend = open_model(source.name)
    else:
        data = read_url(source.name) if source.data is None else source.data
        name = source.name.rstrip("/").rpartition("/")[2]
        frontend = frontend_of(name, data)
    sha256 = hashlib.sha256(data).hexdigest()
    digests = "".join(f"\n{other} {digest}" for other, digest in _others(source, data, frontend))
    digest = hashlib.sha256(f"{sha256}{digests}".encode(errors="surrogateescape")).hexdigest() if digests else sha256
    return Opened(name, data, frontend, sha256, digest)


def is_url(name: str) -> bool:
    """Whether `name` is a URL, such as s3://bucket/model.onnx."""
    return "://" in name


def file_system(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path in it.

    Raises:
        UsageError: fsspec, or what it needs for this URL, is not installed.
        ModelError: the URL cannot be used.
    """
    core = import_package("fsspec.core", "fsspec", "reading a URL")
    try:
        system, path = core.url_to_fs(url)
    except ImportError as error:  # its message names the package of this kind of URL
        raise UsageError(f"this URL needs a package: {error}", where=url, hint="install it with pip") from None
    except Exception as error:  # whatever a file system raises for a URL
        raise ModelError(f"the URL cannot be used: {error}", where=url, hint="check it") from None
    return system, path


def read_url(url: str) -> bytes:
    """The bytes at a URL.

    Raises:
        UsageError: a package for it is missing.
        ModelError: it cannot be read.
    """
    system, path = file_system(url)
    try:
        return bytes(system.cat_file(path))
    except Exception as error:  # file systems have errors of their own
        raise ModelError(f"cannot read it: {_reason(error)}", where=url, hint="check the URL") from None


def _others(source: Source, data: bytes, frontend: "Frontend") -> list[tuple[str, str]]:
    """The names of the files with weights, and the digest of each; "missing" where it is not at hand."""
    if not hasattr(frontend, "other_files"):
        return []
    try:
        names = cast("ScatteredFrontend", frontend).other_files(data)
    except ChildError:  # another time it may name them: this is not the digest of the model
        raise
    except ModelError:  # reading the model says so, too
        return []
    return [(name, _digest_beside(source, name)) for name in sorted(names)]


def _digest_beside(source: Source, name: str) -> str:
    if source.data is not None:
        return "missing"
    if is_url(source.name):
        try:
            return hashlib.sha256(read_url(f"{source.name.rpartition('/')[0]}/{name}")).hexdigest()
        except ModelError:
            return "missing"
    folder = os.path.dirname(os.path.realpath(source.name))
    path = os.path.realpath(os.path.join(folder, name))
    if not path.startswith(os.path.join(folder, "")) or not os.path.isfile(path):  # it leads out of the folder
        return "missing"
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "missing"


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or f"{type(error).__name__}: {error}"
