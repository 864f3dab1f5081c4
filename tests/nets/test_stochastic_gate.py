"""Gates that are open by chance: their noise, their penalty, and their place in a stack."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import norm

from deepfeat.nets.gate import StochasticGate
from deepfeat.nets.stacking import BankedNoise, stacked_clone, unstackable

MEANS = np.array([[-0.4, 0.3, 0.9, 1.7]], dtype=np.float32)


def gate_of(column_feature: list[int], means: np.ndarray = MEANS[0], **config: Any) -> StochasticGate:  # noqa: ANN401
    gate = StochasticGate(column_feature, **config)
    gate.build((None, len(column_feature)))
    gate.set_weights([means])
    return gate


def expected_opening(means: np.ndarray, deviation: float) -> np.ndarray:
    """Mean of a normal variable that is cut at 0 and 1."""
    low, high = -means / deviation, (1 - means) / deviation
    inside = means * (norm.cdf(high) - norm.cdf(low)) + deviation * (norm.pdf(low) - norm.pdf(high))
    return inside + 1 - norm.cdf(high)


def stacked(layer: StochasticGate, means: np.ndarray, rows: np.ndarray, x: np.ndarray) -> np.ndarray:
    """What the stacked form makes of `x` (members, rows, columns) while training."""
    inputs = keras.Input((x.shape[-1],))
    clone, source = stacked_clone(keras.Model(inputs, layer(inputs)))
    source.rows = tf.constant(rows, tf.int32)
    with keras.StatelessScope() as scope:
        scope.add_update((clone.weights[0], tf.constant(means[:, None])))
        return np.asarray(clone(x, training=True))


def test_without_training_it_is_its_mean_cut_at_0_and_1() -> None:
    gate = gate_of([0, 1, 2, 3, 3])
    np.testing.assert_allclose(gate(np.full((2, 5), 2.0))[1], [0, 0.6, 1.8, 2, 2], rtol=1e-6)


def test_while_training_it_is_a_normal_variable_cut_at_0_and_1() -> None:
    drawn = np.asarray(gate_of([0, 1, 2, 3])(np.ones((20000, 4)), training=True))
    assert drawn.min() == 0
    assert drawn.max() == 1
    np.testing.assert_allclose(drawn.mean(axis=0), expected_opening(MEANS[0], 0.5), atol=0.01)
    np.testing.assert_allclose((drawn > 0).mean(axis=0), norm.cdf(MEANS[0] / 0.5), atol=0.01)


def test_in_a_stack_its_noise_has_the_same_distribution() -> None:
    rows = np.random.default_rng(0).integers(1 << 14, size=(2, 8000))
    means = np.concatenate([MEANS, MEANS + 0.2])
    drawn = stacked(StochasticGate([0, 1, 2, 3], deviation=0.3), means, rows, np.ones((2, 8000, 4)))
    np.testing.assert_allclose(drawn.mean(axis=1), expected_opening(means, 0.3), atol=0.015)


def test_columns_of_a_feature_share_a_draw_and_features_do_not() -> None:
    rows = np.arange(500)[None]
    drawn = stacked(StochasticGate([0, 1, 1]), np.full((1, 2), 0.5, np.float32), rows, np.ones((1, 500, 3)))[
        0
    ]
    np.testing.assert_array_equal(drawn[:, 1], drawn[:, 2])
    assert abs(np.corrcoef(drawn[:, 0], drawn[:, 1])[0, 1]) < 0.15


def test_the_chance_is_the_penalty_and_its_slope_is_the_density() -> None:
    gate = gate_of([0, 1, 2, 3])
    np.testing.assert_allclose(gate.chance_open(MEANS), norm.cdf(MEANS / 0.5), rtol=1e-6)
    assert float(gate.size(tf.constant(MEANS))[0]) == pytest.approx(norm.cdf(MEANS / 0.5).sum(), rel=1e-5)
    slope = gate.penalised(tf.zeros((1, 4)), tf.constant(MEANS), tf.constant([[0.1]]))
    np.testing.assert_allclose(slope, 0.1 * norm.pdf(MEANS / 0.5) / 0.5, rtol=1e-5)


def test_a_closed_gate_lets_nothing_pass_and_learns_nothing() -> None:
    closed = tf.constant(np.full((1, 4), StochasticGate.closed, np.float32))
    gate = gate_of([0, 1, 2, 3], closed.numpy()[0])
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(gate(np.ones((5000, 4)), training=True))
    assert float(total) == 0
    np.testing.assert_array_equal(tape.gradient(total, gate.gate.value), 0)
    np.testing.assert_array_equal(gate.penalised(tf.zeros((1, 4)), closed, tf.constant([[1e6]])), 0)
    assert float(gate.size(closed)[0]) == 0


def test_the_gradient_passes_where_a_draw_is_neither_open_nor_closed() -> None:
    gate = gate_of([0, 1, 2, 3])
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(gate(np.ones((20000, 4)), training=True)) / 20000
    between = norm.cdf((1 - MEANS[0]) / 0.5) - norm.cdf(-MEANS[0] / 0.5)
    np.testing.assert_allclose(tape.gradient(total, gate.gate.value), between, atol=0.015)


def test_it_trains_as_a_stack_with_noise_by_column() -> None:
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(1)(StochasticGate([0, 1, 1], name="gate")(inputs)))
    assert unstackable(model) == []
    noise = stacked_clone(model, keys=(7, 8, 9))[0].get_layer("gate").noise
    assert isinstance(noise, BankedNoise)
    assert noise.keys == (7, 8)


def test_it_survives_its_config() -> None:
    gate = StochasticGate([0, 1, 1], deviation=0.3, initializer="zeros", name="g")
    again = StochasticGate.from_config(gate.get_config())
    assert again.get_config() == gate.get_config()
