"""How high and how low a feature could rank."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from deepfeat.ranking.aggregate import mean_over_members, ranks
from deepfeat.ranking.rank_interval import rank_interval

NAMES = ["a", "b", "c", "d"]


def test_features_far_apart_have_one_rank_and_close_ones_share_theirs() -> None:
    rng = np.random.default_rng(0)
    scores = np.array([10.0, 5.0, 5.0, 0.0]) + rng.normal(size=(30, 4))
    interval = rank_interval({"m": scores}, NAMES, resamples=500)
    assert interval.low.tolist() == [1, 2, 2, 4]
    assert interval.high.tolist() == [1, 3, 3, 4]


def test_one_member_has_no_interval() -> None:
    interval = rank_interval({"m": np.ones((1, 4)), "other": np.ones((1, 4))}, NAMES)
    assert np.isnan(interval.low).all()
    assert np.isnan(interval.high).all()


def test_ties_are_ranked_by_name_as_in_the_ranking() -> None:
    interval = rank_interval({"m": np.ones((3, 4))}, ["d", "b", "a", "c"], resamples=100)
    assert interval.low.tolist() == interval.high.tolist() == [4, 2, 1, 3]


@pytest.mark.parametrize("across", ["mean", "mean_rank", "robust_rank"])
@given(values=hnp.arrays(np.float64, (5, 4), elements=st.integers(0, 9).map(lambda v: v / 8)))
@settings(max_examples=25, deadline=None)
def test_it_includes_the_rank_itself(across: str, values: np.ndarray) -> None:
    interval = rank_interval({"m": values}, NAMES, across, resamples=100)
    own = ranks(mean_over_members(values), NAMES)
    if across == "mean":
        assert (interval.low <= own).all()
        assert (own <= interval.high).all()
    assert ((interval.low >= 1) & (interval.high <= 4) & (interval.low <= interval.high)).all()
    assert (interval.low == np.round(interval.low)).all()


def test_a_wide_table_is_done_in_blocks_and_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from deepfeat.ranking import rank_interval as module  # noqa: PLC0415

    scores = {"m": np.random.default_rng(0).random((6, 30)), "n": np.random.default_rng(1).random((4, 30))}
    names = [f"{i:02}" for i in range(30)]
    whole = rank_interval(scores, names, resamples=300)
    monkeypatch.setattr(module, "_BLOCK_BYTES", 1000)
    parts = rank_interval(scores, names, resamples=300)
    np.testing.assert_array_equal(whole, parts)
