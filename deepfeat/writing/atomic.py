"""Write a file so that it is either complete or not there, whenever the process or the machine stops.

A file is written under a temporary name in its own directory, forced to disk, renamed over its final name,
and then the directory is forced to disk. A reader sees the old file or the new one, never a part.
"""

import contextlib
import errno
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deepfeat.errors import DeepfeatError, ExitCode

_PREFIX = ".deepfeat-tmp-"

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
    temporary = path.with_name(_PREFIX + secrets.token_hex(8) + path.suffix)
    with _told_as_output_error(path):
        make_directory(path.parent)
        try:
            write(temporary)
            _sync(temporary)
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        _sync(path.parent)


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
    return path.name.startswith(_PREFIX)


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
