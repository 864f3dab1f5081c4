"""Reads a text file that may be anything: bounded, UTF-8, or one clear problem."""

import stat
from pathlib import Path

from deepfeat.errors import InputError, Problem

MAX_BYTES = 2**20


def read_text(path: Path) -> str:
    """The text of a small UTF-8 file; a byte order mark is dropped.

    Args:
        path: of the file.

    Raises:
        InputError: it is missing, not a file, unreadable, larger than 1 MiB, or not UTF-8.
    """
    try:
        if path.is_dir():
            raise InputError(_problem(path, "is a directory; give the file in it"))
        if not stat.S_ISREG(path.stat().st_mode):
            # A pipe could keep us waiting for ever.
            raise InputError(_problem(path, "is not a regular file; save its contents in one"))
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        hint = "check the path"
        if path.suffix in {".yml", ".yaml"}:
            hint += ", or write an experiment: deepfeat init --data FILE --target NAME"
        raise InputError(_problem(path, f"there is no such file; {hint}")) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            _problem(path, f"cannot be read ({reason}); check the path and its permissions")
        ) from error
    if len(data) > MAX_BYTES:
        raise InputError(_problem(path, "is larger than 1 MiB; this cannot be the right file"))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", errors="replace")
        problem = Problem(
            str(path),
            before.count("\n") + 1,
            len(before) - before.rfind("\n"),
            f"byte 0x{data[error.start]:02x} at offset {error.start} is not UTF-8; save the file as UTF-8",
        )
        raise InputError(problem) from error


def _problem(path: Path, message: str) -> Problem:
    return Problem(str(path), 0, 0, message)
