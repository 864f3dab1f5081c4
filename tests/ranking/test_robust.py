"""Robust rank aggregation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from deepfeat.ranking.robust import robust_rank


def by_definition(ranks: list[float]) -> float:
    """The score of one feature from its relative ranks, step by step as Kolde et al. write it."""
    m = len(ranks)
    probabilities = [stats.beta.cdf(rank, k, m - k + 1) for k, rank in enumerate(sorted(ranks), start=1)]
    return -np.log10(min(1.0, m * min(probabilities)))


def test_it_is_the_published_score() -> None:
    rows = np.random.default_rng(0).random((4, 1, 7))
    relative = np.array([(8 - stats.rankdata(row[0])) / 7 for row in rows])
    expected = [by_definition(relative[:, feature].tolist()) for feature in range(7)]
    np.testing.assert_allclose(robust_rank(list(rows))[0], expected)


def test_one_method_that_misses_a_feature_does_not_sink_it() -> None:
    orders = [np.arange(20.0)[None, ::-1].copy() for _ in range(4)]
    orders[3][0, 0] = -1  # the first for three methods, the last for one
    scores = robust_rank(orders)[0]
    mean_ranks = np.mean([20 - np.argsort(np.argsort(row[0])) for row in orders], axis=0)
    assert mean_ranks[0] > mean_ranks[4]
    assert scores[0] > scores[4]


@given(hnp.arrays(np.float64, (3, 2, 5), elements=st.integers(0, 9).map(float)), st.permutations(range(3)))
@settings(deadline=None)
def test_the_order_of_the_methods_does_not_matter_and_a_score_is_never_negative(
    rows: np.ndarray, order: list[int]
) -> None:
    scores = robust_rank(list(rows))
    assert (scores >= 0).all()
    assert robust_rank([rows[i] for i in order]).tobytes() == scores.tobytes()


def test_one_method_keeps_its_order() -> None:
    row = np.array([[0.1, 0.7, 0.2]])
    assert robust_rank([row])[0].tolist() == pytest.approx([0.0, np.log10(3), -np.log10(2 / 3)])
