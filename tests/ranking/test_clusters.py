"""Features that say much the same."""

import numpy as np
import pytest

from deepfeat.ranking.clusters import MOST_CLUSTERED, correlated_clusters


def test_what_correlates_is_one_cluster_whatever_the_direction_and_the_scale() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 200))
    x = np.stack([first, second, -np.exp(first), second + 0.1 * rng.normal(size=200)], axis=1)
    assert correlated_clusters(x, np.arange(4), 0.7) == [(0, 2), (1, 3)]
    assert correlated_clusters(x, np.arange(4), 1.0) == [(0, 2), (1,), (3,)]


def test_a_category_correlates_by_its_columns() -> None:
    codes = np.arange(300) % 3
    x = np.concatenate([np.eye(3)[codes], (codes == 1)[:, None], (np.arange(300) % 7)[:, None]], axis=1)
    assert correlated_clusters(x, np.array([0, 0, 0, 1, 2]), 0.7) == [(0, 1), (2,)]


def test_features_without_a_column_are_left_out() -> None:
    x = np.random.default_rng(0).normal(size=(50, 3))
    x[:, 2] = x[:, 0]
    assert correlated_clusters(x, np.array([1, 4, 7]), 0.9) == [(1, 7), (4,)]


def test_constant_columns_and_one_feature_stand_alone() -> None:
    x = np.stack([np.ones(10), np.arange(10.0)], axis=1)
    assert correlated_clusters(x, np.arange(2), 0.5) == [(0,), (1,)]
    assert correlated_clusters(x[:, :1], np.zeros(1, int), 0.5) == [(0,)]


def test_too_many_features_are_refused() -> None:
    count = MOST_CLUSTERED + 1
    with pytest.raises(ValueError, match="too many to cluster"):
        correlated_clusters(np.zeros((2, count)), np.arange(count), 0.7)
