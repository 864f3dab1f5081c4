"""Bring the scores of different members and methods to one scale."""

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Normalisation = Literal["sum", "max", "rank", "none"]


def normalise(scores: ArrayLike, how: Normalisation = "sum") -> NDArray[np.float64]:
    """Scale each member's scores, so that no member or method outweighs the others.

    - `sum`: the scores of a member add up to 1, so a score is the feature's share of the whole
      (Ashraf 2021). Scores below zero count as zero: a method that compares losses gives a small negative
      score to a feature that does nothing, by chance, and a negative share has no meaning.
    - `max`: the largest score of a member is 1; scores below zero count as zero, as above.
    - `rank`: the share of the other features that score lower, from 0 (last) to 1 (first); a tie counts
      half. Scores below zero keep their order.
    - `none`: the scores as they are.

    A member whose scores are all zero says nothing about any feature, and stays all zero under each of them.
    The same holds, under `sum` and `max`, for a member without a positive score.

    Args:
        scores: (members, features) finite scores, larger for features that matter more.
        how: one of the above.

    Returns:
        (members, features) float64, a new array.

    Raises:
        ValueError: the scores are not a finite (members, features) table, or `how` is unknown.
    """
    values = np.array(scores, dtype=np.float64, order="C")
    if values.ndim != 2:  # noqa: PLR2004
        raise ValueError(f"scores must be (members, features), not of shape {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError("scores must be finite; leave out the members that failed")
    match how:
        case "none":
            return values
        case "sum":
            shares = _relative_to_largest(values)
            # After the division by the largest, a total lies between 1 and the number of features: it cannot
            # overflow. Correctly rounded, it does not depend on the order of the columns.
            totals = np.array([math.fsum(row.tolist()) for row in shares])
            return _divide(shares, totals[:, None])
        case "max":
            return _relative_to_largest(values)
        case "rank":
            return np.where(values.any(axis=1, keepdims=True), share_beaten(values), 0.0)
    raise ValueError(f"unknown normalisation {how!r}")


def share_beaten(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of the other features that a feature beats, per row; ties count half.

    Args:
        values: (rows, features) values, larger is better.

    Returns:
        (rows, features) float64 from 0 (last) to 1 (first). A lone feature gets 1.
    """
    n_features = int(values.shape[1])
    if n_features <= 1:
        return np.ones_like(values)
    import pandas as pd  # noqa: PLC0415 - methods import this file, and must load in a moment

    ranks: NDArray[np.float64] = pd.DataFrame(values).rank(axis=1, method="average").to_numpy(np.float64)
    return (ranks - 1.0) / (n_features - 1)


def _relative_to_largest(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each row's positive part divided by its largest value."""
    positive = np.maximum(values, 0.0)
    return _divide(positive, positive.max(axis=1, keepdims=True, initial=0.0))


def _divide(values: NDArray[np.float64], by: NDArray[np.float64]) -> NDArray[np.float64]:
    """`values / by`, and zero where `by` is zero."""
    return np.divide(values, by, out=np.zeros_like(values), where=by > 0.0)
