"""Scores on one scale."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from deepfeat.ranking.normalise import normalise, share_beaten

HOWS = ("sum", "max", "rank", "none")


def tables(low: float = -1e6, high: float = 1e6) -> st.SearchStrategy:
    """(members, features) tables of ordinary numbers, with ties and zeros."""
    return hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=8),
        elements=st.floats(low, high, allow_subnormal=False) | st.sampled_from([0.0, 1.0, -1.0]),
    )


def test_known_answers() -> None:
    scores = [[1.0, 3.0, 0.0, -2.0], [0.0, 0.0, 0.0, 0.0]]
    assert normalise(scores, "sum").tolist() == [[0.25, 0.75, 0.0, 0.0], [0.0] * 4]
    assert normalise(scores, "max").tolist() == [[1 / 3, 1.0, 0.0, 0.0], [0.0] * 4]
    assert normalise(scores, "rank").tolist() == [[2 / 3, 1.0, 1 / 3, 0.0], [0.0] * 4]
    assert normalise(scores, "none").tolist() == scores


def test_a_member_without_a_positive_score_says_nothing_in_shares() -> None:
    assert normalise([[-1.0, -3.0]], "sum").tolist() == [[0.0, 0.0]]
    assert normalise([[-1.0, -3.0]], "max").tolist() == [[0.0, 0.0]]
    assert normalise([[-1.0, -3.0]], "rank").tolist() == [[1.0, 0.0]]


def test_ties_beat_each_other_by_half() -> None:
    assert share_beaten(np.array([[5.0, 5.0, 1.0]])).tolist() == [[0.75, 0.75, 0.0]]
    assert share_beaten(np.array([[5.0]])).tolist() == [[1.0]]


@pytest.mark.parametrize("scale", [1e-310, 1e-150, 1e150, 1e308])
def test_extreme_scales_neither_overflow_nor_vanish(scale: float) -> None:
    shares = normalise(np.array([[1.0, 1.0, 1.0, 1.0]]) * scale, "sum")
    np.testing.assert_allclose(shares, 0.25, rtol=1e-12)


@given(tables())
@settings(deadline=None)
def test_a_share_adds_up_to_one_or_the_member_is_silent(scores: np.ndarray) -> None:
    shares = normalise(scores, "sum")
    expected = np.where((scores > 0).any(axis=1), 1.0, 0.0)
    np.testing.assert_allclose(shares.sum(axis=1), expected, rtol=1e-12)
    assert (shares >= 0).all()


@given(tables(), st.floats(1e-3, 1e3))
@settings(deadline=None)
def test_the_scale_of_a_member_does_not_matter(scores: np.ndarray, factor: float) -> None:
    for how in ("sum", "max"):
        np.testing.assert_allclose(normalise(scores * factor, how), normalise(scores, how), rtol=1e-9)


@given(tables(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_permuting_features_permutes_the_result(scores: np.ndarray, random: Random) -> None:
    order = list(range(scores.shape[1]))
    random.shuffle(order)
    for how in HOWS:
        np.testing.assert_array_equal(normalise(scores[:, order], how), normalise(scores, how)[:, order])


@given(tables())
@settings(deadline=None)
def test_a_larger_score_never_becomes_smaller(scores: np.ndarray) -> None:
    for how in HOWS:
        result = normalise(scores, how)
        for before, after in zip(scores, result, strict=True):
            order = np.argsort(before)
            assert (np.diff(after[order]) >= 0).all()


@given(tables())
@settings(deadline=None)
def test_the_scores_given_are_left_as_they_are(scores: np.ndarray) -> None:
    before = scores.copy()
    for how in HOWS:
        normalise(scores, how)[:] = 7.0
    np.testing.assert_array_equal(scores, before)


@pytest.mark.parametrize(
    ("scores", "how", "message"),
    [
        ([1.0, 2.0], "sum", "members, features"),
        ([[1.0, np.nan]], "sum", "finite"),
        ([[np.inf, 1.0]], "none", "finite"),
        ([[1.0]], "softmax", "unknown normalisation 'softmax'"),
    ],
)
def test_what_cannot_be_normalised_is_refused(scores: list, how: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        normalise(scores, how)
