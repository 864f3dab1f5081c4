"""The one-sided t-test over rows, and why it may not be one over networks."""

import numpy as np
import pytest
from scipy import stats

from deepfeat.inference.rowtests import mean_above_zero


def test_equal_to_scipy() -> None:
    rise = np.random.default_rng(0).normal(0.1, [1.0, 3.0], size=(60, 2))
    found = mean_above_zero(rise)
    expected = stats.ttest_1samp(rise, 0, alternative="greater")
    np.testing.assert_allclose(found.p_value, expected.pvalue)
    interval = stats.ttest_1samp(rise, 0).confidence_interval(0.95)
    np.testing.assert_allclose(found.ci_low, interval.low)
    np.testing.assert_allclose(found.ci_high, interval.high)
    np.testing.assert_allclose(found.std_error, stats.sem(rise))


def test_rises_that_do_not_vary() -> None:
    found = mean_above_zero(np.tile([0.0, -1.0, 2.0], (10, 1)))
    np.testing.assert_array_equal(found.p_value, [1.0, 1.0, 0.0])
    np.testing.assert_array_equal(found.std_error, 0.0)


def test_groups_are_the_units() -> None:
    rise = np.random.default_rng(1).normal(size=(40, 3))
    groups = np.repeat(np.arange(40), 5)
    alone, repeated = mean_above_zero(rise), mean_above_zero(np.repeat(rise, 5, axis=0), groups)
    np.testing.assert_allclose(repeated.p_value, alone.p_value)
    np.testing.assert_allclose(repeated.std_error, alone.std_error)


def test_a_single_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="two independent"):
        mean_above_zero(np.ones((3, 1)), np.zeros(3, dtype=np.int64))
