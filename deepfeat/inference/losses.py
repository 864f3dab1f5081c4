"""The loss of single rows, for tests over rows: unlike the means of `deepfeat.methods.measures`."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepfeat.inference.units import Floats

# A probability of exactly 0 or 1 says no more than that float32 could not tell it from them.
RESOLUTION = 1e-7


def row_losses(target: NDArray[Any], answers: NDArray[Any], *, labels: str) -> Floats:
    """How wrong each answer is.

    Args:
        target: (rows, outputs).
        answers: (..., rows, outputs).
        labels: `none` for values: the squared error; `one` for classes that exclude each other: minus the
            logarithm of the probability given to the true one; `many` for labels that do not: the sum of that
            over labels.

    Returns:
        (..., rows) float64; less is better.
    """
    if labels == "none":
        squared: Floats = np.sum((answers.astype(np.float64) - target) ** 2, axis=-1)
        return squared
    if labels == "one":
        true = np.sum(answers * target, axis=-1, dtype=np.float64)
        return np.asarray(-np.log(np.maximum(true, RESOLUTION)))
    given = 1 - np.abs(answers.astype(np.float64) - target)
    return np.asarray(-np.log(np.maximum(given, RESOLUTION)).sum(axis=-1))
