"""Which features say so much of the same that they should be asked together."""

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset


def correlated_clusters(
    data: Dataset, features: NDArray[np.int64], threshold: float
) -> list[tuple[int, ...]]:
    """Groups of features that are correlated with each other; the target is not looked at.

    Average linkage: two groups become one as long as the mean absolute correlation between their features is
    at least the threshold. That of two categories, or of a category and a number, is the largest among their
    encoded columns.

    Args:
        data: the table.
        features: which ones to group.
        threshold: 0 to 1.

    Returns:
        The groups of two features and more, in the order of their first features.
    """
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415 - slow to import
    from scipy.spatial.distance import squareform  # noqa: PLC0415 - as above

    if len(features) < 2:  # noqa: PLR2004 - nothing to group
        return []
    distance = 1 - _correlation(data, features)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), method="average")
    # Correlations of 1 come out a rounding error below it.
    number = fcluster(tree, 1 - threshold + 1e-6, criterion="distance")
    groups = [tuple(features[number == one].tolist()) for one in np.unique(number)]
    return sorted(group for group in groups if len(group) > 1)


def _correlation(data: Dataset, features: NDArray[np.int64]) -> NDArray[np.float64]:
    """(features, features) largest absolute correlation among the columns of two features."""
    columns = np.flatnonzero(np.isin(data.column_feature, features))
    x = data.x[:, columns].astype(np.float64)
    x -= x.mean(axis=0)
    length = np.linalg.norm(x, axis=0)
    x /= np.where(length > 0, length, 1.0)
    starts = np.flatnonzero(np.diff(data.column_feature[columns], prepend=-1))
    widest = np.maximum.reduceat(np.abs(x.T @ x), starts, axis=0)
    both: NDArray[np.float64] = np.clip(np.maximum.reduceat(widest, starts, axis=1), 0, 1)
    return both
