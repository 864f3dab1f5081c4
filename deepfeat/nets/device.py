"""Settings of TensorFlow that must be made once, before it computes anything."""

import logging
from functools import cache

from deepfeat.writing.start_up import start_up_messages_logged

log = logging.getLogger(__name__)


@cache
def prepare() -> None:
    """Load TensorFlow, make every operation deterministic, and let a GPU's memory grow as needed.

    A GPU multiplies float32 as float32: by default TensorFlow lets it round the factors to ten bits (TF32),
    and then a member of a stack differs from the same Keras model by a thousandth.
    """
    with start_up_messages_logged():
        import tensorflow as tf  # noqa: PLC0415 - takes seconds, and only training needs it

        tf.config.experimental.enable_op_determinism()
        tf.config.experimental.enable_tensor_float_32_execution(enabled=False)
        for gpu in tf.config.list_physical_devices("GPU"):
            try:
                tf.config.experimental.set_memory_growth(gpu, enable=True)
            except RuntimeError:  # the caller has used the card already; its choice stands
                log.warning(
                    "%s was in use before deepfeat started; its memory growth stays as it is", gpu.name
                )
        # The first operation loads the kernels, which have something to say too.
        tf.linalg.matmul(tf.zeros((1, 1, 1)), tf.zeros((1, 1, 1)))
