"""The proximal step of the hierarchy: optimal, exactly zero, and the same in a stack."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from deepfeat.nets.proximal import Hierarchy

# A number, a category of three columns, a number.
COLUMN_FEATURE = (0, 1, 1, 1, 2)
UNITS, OUTPUTS = 4, 2


def hierarchy(ratio: float) -> Hierarchy:
    linear, hidden = (keras.Variable(np.zeros((5, width))) for width in (OUTPUTS, UNITS))
    return Hierarchy(linear, hidden, COLUMN_FEATURE, ratio)


def drawn(seed: int, members: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    linear, hidden = (rng.normal(size=(members, 5, width)).astype(np.float32) for width in (OUTPUTS, UNITS))
    return linear, hidden


def step(
    values: tuple[np.ndarray, np.ndarray], threshold: np.ndarray | float, ratio: float
) -> tuple[np.ndarray, np.ndarray]:
    thresholds = tf.constant(np.broadcast_to(threshold, len(values[0])).astype(np.float32))
    linear, hidden = hierarchy(ratio).step([tf.constant(value) for value in values], thresholds)
    return linear.numpy(), hidden.numpy()


def features(value: np.ndarray) -> list[np.ndarray]:
    """One vector per feature."""
    return [value[0, [c for c in range(5) if COLUMN_FEATURE[c] == feature]].ravel() for feature in range(3)]


def smallest_objective(before: np.ndarray, hidden: np.ndarray, threshold: float, ratio: float) -> float:
    """The optimum for one feature, found by search.

    For a given norm of the linear weights the best of them point as before and the best hidden ones are cut
    at the bound, so one number is left to search.
    """

    def objective(norm: float) -> float:
        cut = np.clip(hidden, -ratio * norm, ratio * norm)
        return float(
            (norm - np.linalg.norm(before)) ** 2 / 2 + ((cut - hidden) ** 2).sum() / 2 + threshold * norm
        )

    starts = np.linspace(0, np.linalg.norm(before) + np.abs(hidden).max() / ratio, 9)
    found = [minimize(lambda s: objective(abs(s[0])), [s], method="Nelder-Mead", tol=1e-9) for s in starts]
    return min(best.fun for best in found)


@given(seed=st.integers(0, 999), threshold=st.floats(0, 6), ratio=st.sampled_from([0.3, 1.0, 10.0]))
@settings(max_examples=25, deadline=None)
def test_the_step_is_the_optimum(seed: int, threshold: float, ratio: float) -> None:
    before = drawn(seed)
    after = step(before, threshold, ratio)
    for linear, hidden, new_linear, new_hidden in zip(
        *map(features, before), *map(features, after), strict=True
    ):
        norm = np.linalg.norm(new_linear)
        assert np.abs(new_hidden).max() <= ratio * norm * (1 + 1e-5) + 1e-7
        reached = (
            ((new_linear - linear) ** 2).sum() / 2 + ((new_hidden - hidden) ** 2).sum() / 2 + threshold * norm
        )
        best = smallest_objective(linear, hidden, threshold, ratio)
        assert reached == pytest.approx(best, rel=1e-4, abs=1e-5)


def test_without_hidden_weights_it_is_soft_thresholding() -> None:
    linear, hidden = drawn(0)
    after, nothing = step((linear, np.zeros_like(hidden)), 1.0, 1e-6)
    for old, new in zip(features(linear), features(after), strict=True):
        norm = np.linalg.norm(old)
        np.testing.assert_allclose(new, old * max(0, 1 - 1 / norm), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(nothing, 0)


def test_what_leaves_is_exactly_zero() -> None:
    linear, hidden = step(drawn(1), 1000.0, 10.0)
    np.testing.assert_array_equal(linear, 0)
    np.testing.assert_array_equal(hidden, 0)


def test_hidden_weights_open_a_closed_linear_connection() -> None:
    _, hidden = drawn(2)
    linear, kept = step((np.zeros((1, 5, OUTPUTS), np.float32), hidden), 0.1, 10.0)
    assert all(np.linalg.norm(feature) > 0 for feature in features(linear))
    assert np.abs(kept).max() > 0


def test_members_do_not_mix() -> None:
    together = drawn(3, members=7)
    thresholds = np.linspace(0, 3, 7)
    after = step(together, thresholds, 10.0)
    for member in range(7):
        alone = step(tuple(value[member : member + 1] for value in together), thresholds[member], 10.0)
        for mine, theirs in zip(after, alone, strict=True):
            np.testing.assert_array_equal(mine[member], theirs[0])


def test_the_size_is_the_sum_of_norms() -> None:
    linear, hidden = drawn(4)
    size = hierarchy(10.0).size([tf.constant(linear), tf.constant(hidden)]).numpy()
    assert size == pytest.approx([sum(np.linalg.norm(feature) for feature in features(linear))])
