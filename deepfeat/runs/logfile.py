"""The log of a run: everything that was said on the console, and what was not worth saying there."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from deepfeat.visible import on_own_lines
from deepfeat.writing.atomic import OutputError, make_directory

LOGGER = logging.getLogger("deepfeat")
"""Every logger of deepfeat and of its plugins is below this one."""

# without any handler, warnings would be written to stderr beside what the console prints
LOGGER.addHandler(logging.NullHandler())


@contextmanager
def logged_to(path: Path, *handlers: logging.Handler) -> Iterator[None]:
    """Append what deepfeat logs to a file, down to DEBUG, as long as the context lasts.

    Loggers of other libraries are left as they are.

    Args:
        path: the file; its directory is made where it is missing.
        handlers: others to use meanwhile, each with its own level.

    Raises:
        OutputError: the file cannot be opened.
    """
    make_directory(path.parent)
    try:
        file = _LogFile(path, encoding="utf-8")
    except OSError as error:
        raise OutputError(path, error) from error
    file.setLevel(logging.DEBUG)
    file.setFormatter(_OneRecordOneEntry())
    level, propagate = LOGGER.level, LOGGER.propagate
    LOGGER.setLevel(logging.DEBUG)
    # libraries put handlers on the root logger, which would say everything a second time
    LOGGER.propagate = False
    for handler in (file, *handlers):
        LOGGER.addHandler(handler)
    try:
        yield
    finally:
        for handler in (file, *handlers):
            LOGGER.removeHandler(handler)
        file.close()
        LOGGER.setLevel(level)
        LOGGER.propagate = propagate


class _LogFile(logging.FileHandler):
    """A log file that cannot fail the run."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (the name that logging calls)
        """A full disk must not flood the console; saving a result will say so once, and clearly."""

    def close(self) -> None:
        """Closing writes what is left, and must not fail either."""
        with suppress(OSError):
            super().close()


class _OneRecordOneEntry(logging.Formatter):
    """Lines with time, level and logger; further lines of a message are indented, so none can be forged."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802
        """UTC, so that logs of several machines can be compared."""
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")

    def format(self, record: logging.LogRecord) -> str:
        """The record as text, with what is invisible written out."""
        return on_own_lines(super().format(record))
