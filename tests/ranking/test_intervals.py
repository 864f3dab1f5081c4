"""The bootstrap over members."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from deepfeat.ranking import intervals
from deepfeat.ranking.aggregate import mean_over_members
from deepfeat.ranking.intervals import bootstrap_interval, draw_counts, resampled_means

TABLES = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=7),
    elements=st.floats(0, 1, allow_subnormal=False),
)


def test_agrees_with_scipy() -> None:
    values = np.random.default_rng(1).exponential(size=(40, 3))
    low, high = bootstrap_interval({"a": values}, resamples=20_000)
    theirs = stats.bootstrap(
        (values,), np.mean, axis=0, n_resamples=20_000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    np.testing.assert_allclose(low, theirs.low, rtol=0.02)
    np.testing.assert_allclose(high, theirs.high, rtol=0.02)


def test_covers_the_truth_as_often_as_it_says() -> None:
    # each column is an ensemble of its own, so one call is 400 repetitions; the percentile bootstrap of 40
    # normal members is known to cover a little less than it is meant to
    values = np.random.default_rng(3).normal(1.0, 0.3, size=(40, 400))
    low, high = bootstrap_interval({"a": values}, resamples=1000)
    assert 0.90 <= np.mean((low <= 1.0) & (high >= 1.0)) <= 0.975


@given(TABLES, st.sampled_from(["mean", "mean_rank"]), st.sampled_from([0.5, 0.95]))
@settings(max_examples=50, deadline=None)
def test_contains_the_mean(values: np.ndarray, across: str, confidence: float) -> None:
    low, high = bootstrap_interval({"a": values}, across, confidence=confidence, resamples=100)
    if len(values) == 1:
        assert np.isnan([low, high]).all()
        return
    assert (low <= high).all()
    if across == "mean":
        mean = mean_over_members(values)
        assert ((low <= mean) & (mean <= high)).all()


def test_members_that_agree_leave_no_width() -> None:
    values = np.tile([0.1, 0.7, 0.2], (9, 1))
    low, high = bootstrap_interval({"a": values}, resamples=100)
    np.testing.assert_allclose(high - low, 0.0, atol=1e-15)


def test_more_confidence_is_wider_and_more_members_are_narrower() -> None:
    values = np.random.default_rng(4).random((200, 2))

    def width(members: int, confidence: float) -> float:
        low, high = bootstrap_interval({"a": values[:members]}, confidence=confidence)
        return float((high - low).mean())

    assert width(200, 0.99) > width(200, 0.95) > width(200, 0.5)
    assert width(20, 0.95) / width(200, 0.95) == pytest.approx(np.sqrt(10), rel=0.3)


def test_methods_that_share_members_are_resampled_together() -> None:
    # what one method gains with a member the other loses: the mean over methods never moves
    values = np.random.default_rng(5).random((30, 4))
    low, high = bootstrap_interval({"a": values, "b": 1.0 - values}, resamples=200)
    np.testing.assert_allclose(low, 0.5, atol=1e-12)
    np.testing.assert_allclose(high, 0.5, atol=1e-12)


def test_a_method_with_one_row_stays_still() -> None:
    values = np.random.default_rng(6).random((30, 4))
    alone = bootstrap_interval({"a": values})
    beside = bootstrap_interval({"a": values, "b": np.zeros((1, 4))})
    np.testing.assert_allclose(beside.low, alone.low / 2)
    np.testing.assert_allclose(beside.high, alone.high / 2)


def test_is_repeatable_and_the_seed_matters() -> None:
    values = np.random.default_rng(7).random((10, 3))
    first, again = bootstrap_interval({"a": values}, seed=1), bootstrap_interval({"a": values}, seed=1)
    other = bootstrap_interval({"a": values}, seed=2)
    assert first.low.tobytes() == again.low.tobytes()
    assert first.low.tobytes() != other.low.tobytes()


@pytest.mark.parametrize("across", ["mean", "mean_rank"])
def test_the_size_of_the_blocks_changes_no_byte(monkeypatch: pytest.MonkeyPatch, across: str) -> None:
    generator = np.random.default_rng(8)
    methods = {"a": generator.random((12, 23)), "b": generator.random((12, 23))}
    whole = bootstrap_interval(methods, across, resamples=100)
    monkeypatch.setattr(intervals, "_BLOCK_BYTES", 8 * 300)
    parts = bootstrap_interval(methods, across, resamples=100)
    assert whole.low.tobytes() == parts.low.tobytes()
    assert whole.high.tobytes() == parts.high.tobytes()


@given(TABLES, st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_resampled_means_are_exact_sums_that_have_no_order(values: np.ndarray, random: Random) -> None:
    counts = draw_counts(len(values), 20, seed=0)
    means = resampled_means(values, counts)
    np.testing.assert_allclose(means, counts @ values / len(values), rtol=1e-12, atol=1e-13)
    order = list(range(len(values)))
    random.shuffle(order)
    assert resampled_means(values[order], counts[:, order]).tobytes() == means.tobytes()


@pytest.mark.parametrize("scale", [5e-324, 1e-300, 1e300])
def test_resampled_means_at_the_ends_of_the_float_range(scale: float) -> None:
    means = resampled_means(np.full((3, 1), scale), draw_counts(3, 5, seed=0))
    np.testing.assert_allclose(means, np.full((5, 1), scale), rtol=1e-14)


def test_counts_draw_as_many_as_there_are() -> None:
    counts = draw_counts(6, 5000, seed=0)
    assert (counts.sum(axis=1, dtype=int) == 6).all()
    np.testing.assert_allclose(counts.mean(axis=0), 1.0, atol=0.05)


def test_out_of_range_is_refused() -> None:
    values = np.ones((3, 2))
    with pytest.raises(ValueError, match="confidence"):
        bootstrap_interval({"a": values}, confidence=1.0)
    with pytest.raises(ValueError, match="resample"):
        bootstrap_interval({"a": values}, resamples=0)
    with pytest.raises(ValueError, match="no method"):
        bootstrap_interval({})
