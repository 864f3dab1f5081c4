"""The table as the compiled step reads it: whole where it fits, else the rows that a few steps need."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

# Above this a memory-mapped table is never loaded as a whole.
RESIDENT_BYTES = 1 << 30
# Bytes of table rows that are gathered for a few steps at a time.
GATHER_BYTES = 1 << 27


class Table:
    """Rows of the encoded inputs as tensors.

    Args:
        x: (rows, columns) float32, memory-mapped where it is large.
    """

    def __init__(self, x: NDArray[np.float32]) -> None:
        self._x = x
        self._whole = None if x.nbytes > RESIDENT_BYTES else tf.constant(x)

    def parts(self, rows: NDArray[np.int32]) -> Iterator[tuple[slice, Any, NDArray[np.int32]]]:
        """Cut `(steps, members, batch)` rows into runs of steps whose rows fit in memory.

        Yields:
            The steps, a tensor of table rows, and the indices of `rows[steps]` in that tensor.
        """
        if self._whole is not None:
            yield slice(0, len(rows)), self._whole, rows
            return
        step_bytes = rows[0].size * self._x.shape[1] * 4
        run = max(1, GATHER_BYTES // step_bytes)
        for start in range(0, len(rows), run):
            steps = slice(start, min(start + run, len(rows)))
            needed, local = np.unique(rows[steps], return_inverse=True)
            yield steps, tf.constant(self._x[needed]), local.reshape(rows[steps].shape).astype(np.int32)
