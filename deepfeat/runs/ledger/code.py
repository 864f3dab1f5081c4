"""Digests of the code that determines a result, so that a correction of it makes older results void."""

import ast
import hashlib
import inspect
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from deepfeat.runs.provenance import required

PACKAGE = Path(__file__).resolve().parents[2]

TRAINING = ("data/dataset.py", "nets", "training", "ensemble.py")
"""What a trained member depends on. Its rows and its table are digested themselves, so nothing that only
produces those is listed."""

_ELSEWHERE = {
    "__main__.py", "__pycache__", "cli.py", "commands", "config", "py.typed", "report", "runs", "starting",
    "testing",
}  # fmt: skip

ASKING = tuple(sorted(path.name for path in PACKAGE.iterdir() if path.name not in _ELSEWHERE))
"""What the answer of a method may depend on besides the members it is asked about: every room but those that
only say what is to be done, or show what came out."""

NUMERIC = ("keras", "numpy", "tensorflow", "tensorflow-cpu")
"""The distributions that compute a member."""


@cache
def code_version(parts: tuple[str, ...]) -> str:
    """Digest of source files without their comments and docstrings: what they say may change freely.

    Args:
        parts: files and directories of the package.
    """
    digest = hashlib.sha256()
    for path in sorted(set(_files(parts))):
        digest.update(f"{path.relative_to(PACKAGE).as_posix()}\0".encode())
        digest.update(meaning(path.read_text(encoding="utf-8")).encode())
    return digest.hexdigest()


def meaning(source: str) -> str:
    """A text that two Python sources have in common if they differ in nothing but comments and docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:]
    return ast.dump(tree)


@cache
def package_sha256() -> str:
    """Digest of every file of this package, to the byte."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(PACKAGE).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def source_version(kind: type[Any]) -> str:
    """Digest of the file that a class of a plugin is written in; nothing for a class of this package.

    Args:
        kind: a class.
    """
    if kind.__module__.split(".")[0] == PACKAGE.name:
        return ""
    try:
        path = inspect.getsourcefile(kind) or ""
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except (OSError, TypeError):
        # typed into a console: nothing but its name tells it from others
        return f"{kind.__module__}.{kind.__qualname__}"


@cache
def versions(names: tuple[str, ...] | None = None) -> dict[str, str]:
    """The installed versions of some distributions, and of Python.

    Args:
        names: which; None for all that the package requires.
    """
    wanted = sorted({*NUMERIC, *required()}) if names is None else names
    found = {"python": f"{sys.version_info.major}.{sys.version_info.minor}"}
    for name in wanted:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _files(parts: Iterable[str]) -> Iterator[Path]:
    for part in parts:
        path = PACKAGE / part
        if path.is_dir():
            yield from path.rglob("*.py")
        else:
            yield path
