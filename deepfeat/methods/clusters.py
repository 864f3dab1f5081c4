"""Which features say so much of the same that they should be asked together."""

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset
from deepfeat.ranking import clusters


def correlated_clusters(
    data: Dataset, features: NDArray[np.int64], threshold: float
) -> list[tuple[int, ...]]:
    """Clusters of two features and more, in the order of their first features; the target is not looked at.

    Args:
        data: the table.
        features: which ones to cluster.
        threshold: mean absolute rank correlation within a cluster, 0 to 1; see
            `deepfeat.ranking.clusters.correlated_clusters`, whose clusters are also those of the ranking.

    Raises:
        ValueError: there are too many features.
    """
    columns = np.flatnonzero(np.isin(data.column_feature, features))
    found = clusters.correlated_clusters(data.x[:, columns], data.column_feature[columns], threshold)
    return [cluster for cluster in found if len(cluster) > 1]
