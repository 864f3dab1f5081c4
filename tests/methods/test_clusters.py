"""Groups of features that say the same."""

from dataclasses import replace

import numpy as np

from deepfeat.data.dataset import Dataset
from deepfeat.methods.clusters import correlated_clusters
from deepfeat.testing.families import PROBLEMS
from deepfeat.testing.planted import planted


def test_blocks_are_found_whatever_the_order_of_the_columns() -> None:
    problem = PROBLEMS["near_copies"](500, 30, 0)
    data = problem.dataset()
    groups = correlated_clusters(data, np.arange(30), 0.8)
    assert [len(group) for group in groups] == [5] * 6
    correlation = np.abs(np.corrcoef(data.x.T))
    for group in groups:
        assert correlation[np.ix_(group, group)].min() > 0.8


def test_the_sign_does_not_matter_and_copies_count_at_any_threshold(data: Dataset) -> None:
    x = data.x.copy()
    x[:, 4] = -2 * x[:, 1] + 7
    assert correlated_clusters(replace(data, x=x), np.arange(6), 1.0) == [(1, 4)]


def test_categories_are_compared_by_their_levels() -> None:
    data = planted(category=True).dataset()
    x = data.x.copy()
    x[:, 9:12] = x[:, [1, 2, 0]]
    assert correlated_clusters(replace(data, x=x), np.arange(6), 0.9) == [(0, 3)]


def test_only_the_named_features_are_grouped(data: Dataset) -> None:
    x = data.x.copy()
    x[:, 4] = x[:, 5] = x[:, 1]
    assert correlated_clusters(replace(data, x=x), np.array([0, 1, 5]), 0.9) == [(1, 5)]
    assert correlated_clusters(data, np.array([3]), 0.5) == []


def test_independent_and_constant_features_stay_alone(data: Dataset) -> None:
    x = data.x.copy()
    x[:, 0] = x[:, 3] = 5
    assert correlated_clusters(replace(data, x=x), np.arange(6), 0.5) == []
