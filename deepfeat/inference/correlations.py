"""How correlated features are, for tests that hold for independent ones."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deepfeat.inference.units import Floats

# Correlations that are held at a time.
BLOCK = 1 << 24


def largest_correlation(x: Floats, blocks: Sequence[NDArray[np.int64]]) -> float:
    """The largest absolute correlation between columns of two features, 0 where there is one feature alone.

    Args:
        x: (rows, columns).
        blocks: the columns of each feature.
    """
    feature = np.repeat(np.arange(len(blocks)), [len(block) for block in blocks])
    own = x[:, np.concatenate([np.asarray(block) for block in blocks])]
    centred = own - own.mean(axis=0)
    norm = np.sqrt(np.sum(centred**2, axis=0))
    standard = np.divide(centred, norm, out=np.zeros_like(centred), where=norm > 0)
    size = max(1, BLOCK // standard.shape[1])
    largest = 0.0
    for start in range(0, standard.shape[1], size):
        some = np.abs(standard[:, start : start + size].T @ standard)
        others = feature[start : start + size, None] != feature
        largest = max(largest, float(np.max(some, where=others, initial=0.0)))
    return min(largest, 1.0)
