"""Calibration: log-odds become probabilities that can be compared."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from deepfeat.methods.calibration import calibrated, one_against_rest

RNG = np.random.default_rng


def _problem(seed: int, rows: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = RNG(seed)
    z = rng.normal(size=(1, rows)) * rng.uniform(0.5, 30)
    target = (rng.random((1, rows)) < 1 / (1 + np.exp(-z / 4))).astype(float)
    return z, target


@given(seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_it_is_the_fit_of_platt(seed: int) -> None:
    z, target = _problem(seed)
    positive, negative = target.sum(), (1 - target).sum()
    wanted = np.where(target[0] == 1, (positive + 1) / (positive + 2), 1 / (negative + 2))

    def wrong(ab: np.ndarray) -> float:
        line = ab[0] * z[0] + ab[1]
        return float(np.sum(np.logaddexp(0, line) - wanted * line))

    best = minimize(wrong, [0.0, 0.0], method="BFGS")
    p = calibrated(z, target, np.ones_like(z))[0]
    if best.x[0] > 0:
        np.testing.assert_allclose(p, 1 / (1 + np.exp(-(best.x[0] * z[0] + best.x[1]))), atol=2e-4)
    else:
        np.testing.assert_allclose(p, p[0])


@given(seed=st.integers(0, 100), stretch=st.floats(0.01, 100), shift=st.floats(-50, 50))
@settings(max_examples=30, deadline=None)
def test_how_sure_the_network_is_of_itself_does_not_matter(seed: int, stretch: float, shift: float) -> None:
    z, target = _problem(seed)
    known = np.ones_like(z)
    np.testing.assert_allclose(
        calibrated(z, target, known), calibrated(stretch * z + shift, target, known), atol=1e-6
    )


def test_other_rows_and_other_problems_have_no_influence() -> None:
    (z, target), (z2, target2) = _problem(0), _problem(1)
    weight = np.ones_like(z)
    weight[0, 40:] = 0
    alone = calibrated(z, target, weight)
    flipped = np.where(weight > 0, target, 1 - target)
    both = calibrated(np.vstack([z, z2]), np.vstack([flipped, target2]), np.vstack([weight, np.ones_like(z)]))
    np.testing.assert_array_equal(both[:1], alone)


def test_what_says_nothing_or_the_opposite_becomes_the_share() -> None:
    target = np.repeat([[0.0, 1.0]], 30, axis=0).reshape(1, -1)
    for z in (np.zeros_like(target), -target):
        np.testing.assert_allclose(calibrated(z, target, np.ones_like(target)), 0.5)


def test_separated_rows_stay_finite() -> None:
    target = np.repeat([[0.0, 1.0]], 10, axis=1)
    p = calibrated(1e6 * (target - 0.5), target, np.ones_like(target))
    np.testing.assert_allclose(p, np.where(target == 1, 11 / 12, 1 / 12), atol=1e-3)


def test_log_odds_of_a_class_against_the_rest() -> None:
    logits = RNG(0).normal(size=(2, 5, 3)).astype(np.float32) * 50
    odds = one_against_rest(logits, "softmax")
    power = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    p = power / power.sum(axis=-1, keepdims=True)
    inside = (p > 1e-12) & (p < 1 - 1e-12)
    np.testing.assert_allclose(odds[inside], np.log(p[inside] / (1 - p[inside])), rtol=1e-3)
    assert np.isfinite(odds).all()
    np.testing.assert_array_equal(one_against_rest(logits, "sigmoid"), logits)


@pytest.mark.parametrize("rows", [1, 2])
def test_a_row_or_two_are_enough_to_answer(rows: int) -> None:
    p = calibrated(np.ones((1, rows)), np.ones((1, rows)), np.ones((1, rows)))
    assert ((p > 0.5) & (p < 1)).all()
