"""The top k of a ranking, as a set."""

import numpy as np
from numpy.typing import NDArray

_MOST = 10


def default_top(n_features: int) -> int:
    """How many features count as the top where nobody says: a third of them, at least 1 and at most 10."""
    return min(_MOST, max(1, n_features // 3))


def top_sets(values: NDArray[np.float64], k: int) -> NDArray[np.bool_]:
    """Which features are among the k largest of each row.

    Features that tie across the k-th place are all left out: which of them belongs to the top is not known,
    and their names must not decide it. So a set has at most k features, and that of a row of equal values has
    none unless k takes them all.

    Args:
        values: (rows, features) importances.
        k: at least 1.

    Returns:
        (rows, features).

    Raises:
        ValueError: k is less than 1.
    """
    if k < 1:
        raise ValueError(f"a top has at least one feature, not {k}")
    n_features = values.shape[1]
    if k >= n_features:
        return np.ones(values.shape, dtype=np.bool_)
    # the k-th and the next largest: where they are equal, a tie straddles the border
    parts = np.partition(values, (n_features - k - 1, n_features - k), axis=1)
    first_out = parts[:, n_features - k - 1]
    return values > first_out[:, None]
