"""Write a file so that it is either complete or not there, whenever the process or the machine stops.

A file is written under a temporary name in its own directory, forced to disk, renamed over its final name,
and then the directory is forced to disk. A reader sees the old file or the new one, never a part.

Between any two of these steps a machine can stop or a disk can fail: `POINTS` names the places, and the tests
put a fault at each.
"""

import contextlib
import errno
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deepfeat.errors import DeepfeatError, ExitCode

POINTS = ("begun", "written", "synced", "named", "settled")
"""Before the temporary file; after it; after it is on disk; under its final name; and that name on disk."""

PREFIX = ".deepfeat-tmp-"
"""Begins the names of what is there for a while only, see `is_temporary`."""

_ADVICE = {
    errno.ENOSPC: "the disk is full; free some space, or choose another place with --output",
    errno.EDQUOT: "your disk quota is used up; free some space, or choose another place with --output",
    errno.EFBIG: "the file is larger than allowed; raise the limit, or choose another place with --output",
    errno.EROFS: "the file system is read-only; choose another place with --output",
    errno.EACCES: "permission denied; make the directory writable, or choose another place with --output",
    errno.EPERM: "permission denied; make the directory writable, or choose another place with --output",
    errno.EIO: "the disk reports an error; check it, or choose another place with --output",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter experiment name or place",
    errno.ENOTDIR: "a part of the path is a file; remove it, or choose another place with --output",
    errno.EISDIR: "a directory is in the way; remove it, or choose another place with --output",
    errno.EEXIST: "a file is in the way; remove it, or choose another place with --output",
}


class OutputError(DeepfeatError):
    """A file could not be saved; do not count on its new content."""

    exit_code = ExitCode.USER_INPUT

    def __init__(self, path: Path, error: OSError) -> None:
        advice = _ADVICE.get(error.errno or 0)
        reason = advice or f"{error.strerror or error}; choose another place with --output"
        super().__init__(f"{path}: cannot be written: {reason}")


def write_bytes(path: Path, data: bytes) -> None:
    """Replace the file by these bytes, atomically and durably.

    Args:
        path: the file; its directory is made where it is missing.
        data: its whole content.

    Raises:
        OutputError: it cannot be written (full or read-only disk, no permission, ...).
    """

    def write(temporary: Path) -> None:
        temporary.write_bytes(data)

    write_with(path, write)


def write_text(path: Path, text: str) -> None:
    """Replace the file by this text in UTF-8, as `write_bytes` does; line ends stay as they are."""
    write_bytes(path, text.encode("utf-8"))


def write_with(path: Path, write: Callable[[Path], object]) -> None:
    """Replace the file by what a function writes, for libraries that want to write files themselves.

    Args:
        path: the file; its directory is made where it is missing.
        write: is called with the temporary path, which has the suffixes of `path` and does not exist yet,
            and must create it. What it raises is raised on, but for an `OSError`.

    Raises:
        OutputError: it cannot be written, or nothing was written.
    """
    temporary = path.with_name(PREFIX + secrets.token_hex(8) + path.suffix)
    with _told_as_output_error(path):
        make_directory(path.parent)
        try:
            reached("begun", path)
            write(temporary)
            reached("written", path)
            _sync(temporary)
            reached("synced", path)
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        reached("named", path)
        _sync(path.parent)
        reached("settled", path)


def write_first(path: Path, data: bytes) -> bool:
    """Write a file unless there is one of that name; of several processes that try, one succeeds.

    Args:
        path: the file; its directory is made where it is missing.
        data: its whole content.

    Returns:
        Whether this call wrote it.

    Raises:
        OutputError: it cannot be written.
    """
    temporary = path.with_name(PREFIX + secrets.token_hex(8) + path.suffix)
    with _told_as_output_error(path):
        make_directory(path.parent)
        try:
            reached("begun", path)
            temporary.write_bytes(data)
            reached("written", path)
            _sync(temporary)
            reached("synced", path)
            if not _named_first(temporary, path):
                return False
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
        reached("named", path)
        _sync(path.parent)
        reached("settled", path)
    return True


def _named_first(temporary: Path, path: Path) -> bool:
    """Give the file its name if nobody has it."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        # Some file systems have no links; there the last of several writers wins, with the same content.
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
            raise
        if path.exists():
            return False
        temporary.replace(path)
    return True


def reached(point: str, path: Path) -> None:
    """A step of writing a file is done; does nothing, and is there for tests to put a fault in its place.

    Args:
        point: one of `POINTS`.
        path: the final name of the file.
    """
    del point, path


def make_directory(path: Path) -> None:
    """Make a directory and the ones above it, durably; it may exist already.

    Raises:
        OutputError: it cannot be made.
    """
    with _told_as_output_error(path):
        missing = [part for part in (path, *path.parents) if not part.exists()]
        path.mkdir(parents=True, exist_ok=True)
        for made in missing:
            _sync(made.parent)


def is_temporary(path: Path) -> bool:
    """Whether a file is what a killed run left half written: to be ignored, and free to be deleted."""
    return path.name.startswith(PREFIX)


@contextmanager
def _told_as_output_error(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(path, error) from error


def _sync(path: Path) -> None:
    """Force a file's content, or a directory's list of names, to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # some network file systems cannot sync a directory; they order the rename themselves
        if not (path.is_dir() and error.errno in (errno.EINVAL, errno.ENOTSUP)):
            raise
    finally:
        os.close(handle)
