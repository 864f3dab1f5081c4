"""Settings of TensorFlow that must be made once, before it computes anything."""

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

log = logging.getLogger(__name__)


@cache
def prepare() -> None:
    """Load TensorFlow, make every operation deterministic, and let a GPU's memory grow as needed."""
    with _start_up_messages_logged():
        import tensorflow as tf  # noqa: PLC0415 - takes seconds, and only training needs it

        tf.config.experimental.enable_op_determinism()
        for gpu in tf.config.list_physical_devices("GPU"):
            try:
                tf.config.experimental.set_memory_growth(gpu, enable=True)
            except RuntimeError:  # the caller has used the card already; its choice stands
                log.warning(
                    "%s was in use before deepfeat started; its memory growth stays as it is", gpu.name
                )
        # The first operation loads the kernels, which have something to say too.
        tf.linalg.matmul(tf.zeros((1, 1, 1)), tf.zeros((1, 1, 1)))


@contextmanager
def _start_up_messages_logged() -> Iterator[None]:
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
