"""What libraries print about themselves while they load."""

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)


@contextmanager
def start_up_messages_logged() -> Iterator[None]:
    """Send what TensorFlow's libraries print about themselves while they load to the log, not to the screen.

    They write to the process's standard error below Python, before any setting of theirs is read.
    """
    with tempfile.TemporaryFile() as said:
        screen = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(screen, 2)
            os.close(screen)
            said.seek(0)
            for line in said.read().decode(errors="replace").splitlines():
                log.debug("%s", line)
