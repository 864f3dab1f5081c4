"""The table as the compiled step reads it: whole where it fits, else the rows that a few steps need."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from deepfeat.training.batches import Batches

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

    def parts(self, batches: Batches) -> Iterator[tuple[Any, Batches, NDArray[np.int32]]]:
        """Cut steps into runs whose table rows fit in memory; one run where the table does.

        Yields:
            A tensor of table rows, the steps, and `rows` of those steps as indices of that tensor.
        """
        if self._whole is not None:
            yield self._whole, batches, batches.rows
            return
        widest = int(np.diff(batches.ends).max()) * len(batches.rows)
        run = max(1, GATHER_BYTES // (widest * self._x.shape[1] * 4))
        for first in range(0, len(batches.ends) - 1, run):
            part = batches.steps(first, min(first + run, len(batches.ends) - 1))
            x, local = self.gather(part.rows)
            yield x, part, local

    def gather(self, rows: NDArray[np.int32]) -> tuple[Any, NDArray[np.int32]]:
        """A tensor that holds the given rows of the table, and where in it they are."""
        if self._whole is not None:
            return self._whole, rows
        needed, local = np.unique(rows, return_inverse=True)
        return tf.constant(self._x[needed]), local.reshape(rows.shape).astype(np.int32)
