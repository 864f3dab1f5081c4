"""Clusters of features that say so much of the same that they should be looked at together."""

import numpy as np
from numpy.typing import NDArray

MOST_CLUSTERED = 2000
"""Features that are clustered at most: every pair of them is compared."""

_ROWS = 2000  # rows that correlations are computed from


def correlated_clusters(
    x: NDArray[np.floating], column_feature: NDArray[np.int64], least: float
) -> list[tuple[int, ...]]:
    """Clusters of features by average linkage of their absolute rank correlation; no target is looked at.

    Two features correlate as much as the two of their encoded columns that correlate most. Where there are
    more than 2,000 rows, evenly spaced ones are looked at.

    Args:
        x: (rows, columns) encoded inputs.
        column_feature: (columns,) the feature of each column, ascending; features without one are left out.
        least: mean absolute correlation within a cluster, 0 to 1.

    Returns:
        Every feature in one cluster, its features ascending; those that stand alone are clusters of one. In
        the order of their first features.

    Raises:
        ValueError: there are more than `MOST_CLUSTERED` features.
    """
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415 - slow to import
    from scipy.spatial.distance import squareform  # noqa: PLC0415 - as above
    from scipy.stats import rankdata  # noqa: PLC0415 - as above

    features, starts = np.unique(column_feature, return_index=True)
    if len(features) > MOST_CLUSTERED:
        raise ValueError(f"{len(features)} features are too many to cluster; at most {MOST_CLUSTERED}")
    if len(features) < 2:  # noqa: PLR2004 - nothing to compare
        return [(int(feature),) for feature in features]
    step = max(1, -(-len(x) // _ROWS))
    ranked = rankdata(np.asarray(x[::step], dtype=np.float64), axis=0)
    ranked -= ranked.mean(axis=0)
    lengths = np.sqrt((ranked**2).sum(axis=0))
    ranked /= np.where(lengths > 0, lengths, 1.0)
    # rounded, so that the threads of a matrix product cannot decide about a tie, and copies correlate at 1
    between = np.round(np.abs(ranked.T @ ranked), 9)
    strongest = np.maximum.reduceat(np.maximum.reduceat(between, starts, axis=0), starts, axis=1)
    distance = np.clip(1.0 - strongest, 0.0, 1.0)
    np.fill_diagonal(distance, 0.0)
    labels = fcluster(linkage(squareform(distance, checks=False), "average"), 1.0 - least + 1e-9, "distance")
    clusters: dict[int, list[int]] = {}
    for feature, label in zip(features.tolist(), labels.tolist(), strict=True):
        clusters.setdefault(label, []).append(feature)
    return [tuple(members) for members in clusters.values()]
