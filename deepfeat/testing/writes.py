"""Notices files that are written where nothing should be written."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Audit events of the interpreter, and which of their arguments is the path that changes.
_EVENTS = {
    "open": 0,
    "os.mkdir": 0,
    "os.remove": 0,
    "os.rmdir": 0,
    "os.truncate": 0,
    "os.rename": 1,
    "os.link": 1,
    "os.symlink": 1,
}
_recorders: list[list[Path]] = []
_installed: list[bool] = []


@contextmanager
def writes_outside(folder: Path) -> Iterator[list[Path]]:
    """Collects what this process changes outside a folder.

    Temporary files, devices, bytecode and the caches of libraries are nobody's business. What child processes
    and libraries written in C do by themselves is not seen.

    Args:
        folder: where writing is allowed.

    Yields:
        A list that fills with the paths written to elsewhere.
    """
    if not _installed:  # an audit hook cannot be taken away again
        sys.addaudithook(_record)
        _installed.append(True)
    written: list[Path] = []
    found: list[Path] = []
    _recorders.append(written)
    try:
        yield found
    finally:
        _recorders.remove(written)
        allowed = [folder, Path(tempfile.gettempdir()), Path.home() / ".cache", Path("/dev"), Path("/proc")]
        found.extend(path for path in dict.fromkeys(written) if not _is_allowed(path, allowed))


def _record(event: str, arguments: tuple[Any, ...]) -> None:
    """Notes a path; called by the interpreter for every event, so it has to be quick and must never raise."""
    if not _recorders or event not in _EVENTS:
        return
    if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & _WRITING):
        return
    path = arguments[_EVENTS[event]]
    if isinstance(path, str | bytes | os.PathLike):
        for recorder in _recorders:
            recorder.append(Path(os.path.abspath(os.fsdecode(path))))  # noqa: PTH100 - resolve() reads the disk


def _is_allowed(path: Path, allowed: list[Path]) -> bool:
    return "__pycache__" in path.parts or any(
        path.resolve().is_relative_to(place.resolve()) for place in allowed
    )
