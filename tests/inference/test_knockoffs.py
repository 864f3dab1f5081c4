"""Knockoffs have the distribution that theory asks for, and the procedures keep their level."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfeat.inference.knockoffs import (
    GaussianKnockoffs,
    e_values,
    maximum_entropy,
    selected_by_e_values,
    threshold,
)


def ar(columns: int, rho: float) -> np.ndarray:
    return rho ** np.abs(np.subtract.outer(np.arange(columns), np.arange(columns)))


def test_the_covariance_with_the_originals_is_that_of_theory() -> None:
    """Correlation 0.7; 40,000 rows leave a standard error of 0.005 to each of the covariances."""
    rng = np.random.default_rng(0)
    covariance = ar(6, 0.7)
    x = rng.multivariate_normal(np.arange(6), covariance, size=40_000)
    model = GaussianKnockoffs.fit(x)
    both = np.cov(np.hstack([x, model.draw(x, rng)]), rowvar=False)
    off = covariance - np.diag(model.difference)
    np.testing.assert_allclose(both, np.block([[covariance, off], [off, covariance]]), atol=0.03)
    assert np.all(model.difference > 0.1)


def test_knockoffs_have_the_means_and_units_of_the_originals() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal([1e3, -5.0], [100.0, 1e-2], size=(5000, 2))
    knockoffs = GaussianKnockoffs.fit(x).draw(x, rng)
    np.testing.assert_allclose(knockoffs.mean(axis=0), x.mean(axis=0), rtol=0.01)
    np.testing.assert_allclose(knockoffs.std(axis=0), x.std(axis=0), rtol=0.05)


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.7, 0.95])
def test_the_difference_is_a_maximum_of_the_entropy(rho: float) -> None:
    correlation = ar(8, rho)
    difference = maximum_entropy(correlation)
    left = 2 * correlation - np.diag(difference)
    assert np.linalg.eigvalsh(left)[0] > 0
    np.testing.assert_allclose(1 / difference, np.diag(np.linalg.inv(left)), rtol=1e-2)
    if rho == 0:
        np.testing.assert_allclose(difference, 1, rtol=1e-3)


def test_the_threshold_by_hand() -> None:
    w = [5, 4, 3, 2, -1.5, 1, -0.5]
    assert threshold(w, 0.25) == 2  # (1 + 0) / 4
    assert threshold(w, 0.4) == 1  # (1 + 1) / 5
    assert threshold(w, 0.2) == float("inf")
    assert threshold([0, 0], 0.5) == float("inf")


def test_e_values_by_hand() -> None:
    w = [5, 4, 3, 2, -1.5, 1, -0.5]
    np.testing.assert_array_equal(e_values(w, 0.25), [7, 7, 7, 7, 0, 0, 0])
    np.testing.assert_array_equal(selected_by_e_values([7, 7, 7, 7, 0, 0, 0], 0.25), [True] * 4 + [False] * 3)
    assert not selected_by_e_values([7, 7, 7, 7, 0, 0, 0], 0.24).any()


@given(st.lists(st.integers(-6, 6), min_size=1, max_size=25), st.sampled_from([0.1, 0.2, 0.5]))
@settings(deadline=None)
def test_a_single_draw_selects_the_same_by_e_values(w: list[int], level: float) -> None:
    """With one draw, e-BH at the level of the threshold is the knockoff+ filter (Ren & Barber, section 3)."""
    np.testing.assert_array_equal(
        selected_by_e_values(e_values(w, level), level), np.array(w) >= threshold(w, level)
    )


def test_signs_by_chance_keep_the_false_discovery_rate() -> None:
    """400 tables, 15 of 60 features relevant; false ones: 0.2 + 3 standard errors at most."""
    rng = np.random.default_rng(5)
    shares = []
    for _ in range(400):
        w = rng.exponential(size=60) * rng.choice([-1, 1], size=60)
        w[:15] = rng.exponential(size=15) + 1
        chosen = w >= threshold(w, 0.2)
        shares.append(chosen[15:].sum() / max(1, chosen.sum()))
    assert np.mean(shares) <= 0.2 + 3 * np.std(shares) / 20
