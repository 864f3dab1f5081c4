"""Which models can train as a stack, and that a stack is its members."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfeat.nets.gate import Gate
from deepfeat.nets.stacking import BankedDropout, BankedNoise, NoiseRows, calls_of, stacked_clone, unstackable

L, R = keras.layers, keras.regularizers


def model_of(build: Callable[[Any], Any], columns: int = 3) -> keras.Model:
    inputs = keras.Input((columns,))
    return keras.Model(inputs, build(inputs))


def everything_stackable(x: Any) -> Any:  # noqa: ANN401 - Keras tensors
    gated = Gate([0, 1, 1], activation="relu")(x)
    hidden = L.Dense(4, kernel_regularizer=R.L1L2(0.1, 0.1), bias_regularizer=R.L1(0.1))(gated)
    hidden = L.LeakyReLU()(L.Rescaling(0.5)(hidden))
    other = L.Dense(4, activation="tanh", use_bias=False, kernel_constraint=keras.constraints.NonNeg())(gated)
    joined = L.Concatenate()([L.Add()([hidden, other]), L.Multiply()([hidden, other]), gated])
    return L.Dense(2)(L.Dropout(0.1)(L.GaussianNoise(0.1)(joined)))


def shared(x: Any) -> Any:  # noqa: ANN401
    layer = L.Dense(3)
    return layer(layer(x))


NOT: dict[str, Callable[[Any], Any]] = {
    "BatchNormalization has no stacked form": L.BatchNormalization(),
    "LayerNormalization has no stacked form": L.LayerNormalization(),
    "GetItem has no stacked form": lambda x: x[:, :2],
    "Relu has no stacked form": keras.ops.relu,
    "Concatenate has no stacked form": lambda x: L.Concatenate(axis=0)([x, x]),
    "dropout with a noise_shape": L.Dropout(0.5, noise_shape=(None, 1)),
    "MaxNorm is not elementwise": L.Dense(2, kernel_constraint="max_norm"),
    "OrthogonalRegularizer is not a sum over weights": L.Dense(
        2, kernel_regularizer="orthogonal_regularizer"
    ),
    "an activity regularizer has no stacked form": L.Dense(2, activity_regularizer="l2"),
    "its weights are frozen": L.Dense(2, trainable=False),
    "it is used more than once": shared,
}


def test_a_network_of_stackable_layers_is_stackable() -> None:
    assert unstackable(model_of(everything_stackable)) == []


@pytest.mark.parametrize("reason", NOT)
def test_any_other_is_not_and_the_reason_is_told(reason: str) -> None:
    (told,) = unstackable(model_of(NOT[reason]))
    assert told.endswith(reason) or reason in told


def test_a_subclass_of_a_stackable_layer_may_do_anything() -> None:
    class Odd(L.Dense):
        pass

    assert unstackable(model_of(Odd(2))) != []


def stacked_weights(model: keras.Model, members: int, seed: int = 0) -> list[np.ndarray]:
    generator = np.random.default_rng(seed)
    return [
        np.abs(generator.normal(size=(members, *variable.shape))).astype(np.float32)
        for variable in model.weights
    ]


def call_stack(model: keras.Model, values: list[Any], x: Any) -> Any:  # noqa: ANN401
    clone, _ = stacked_clone(model)
    with keras.StatelessScope() as scope:
        for variable, value in zip(clone.weights, values, strict=True):
            scope.add_update((variable, value[:, None] if len(value.shape) == 2 else value))
        return clone(x, training=False)


@given(members=st.integers(1, 4), rows=st.integers(1, 7), seed=st.integers(0, 99))
@settings(max_examples=5, deadline=None)
def test_a_stack_answers_as_its_members_do(members: int, rows: int, seed: int) -> None:
    model = model_of(everything_stackable)
    values = stacked_weights(model, members, seed)
    x = np.random.default_rng(seed).normal(size=(members, rows, 3)).astype(np.float32)
    together = np.asarray(call_stack(model, values, x))
    for member in range(members):
        model.set_weights([value[member] for value in values])
        np.testing.assert_allclose(together[member], model(x[member]), rtol=1e-4, atol=1e-5)


def test_a_stack_has_the_gradients_of_its_members() -> None:
    model = model_of(everything_stackable)
    values = [tf.constant(value) for value in stacked_weights(model, 3)]
    x = np.random.default_rng(0).normal(size=(3, 5, 3)).astype(np.float32)
    with tf.GradientTape() as tape:
        tape.watch(values)
        total = tf.reduce_sum(call_stack(model, values, x) ** 2)
    together = tape.gradient(total, values)
    for member in range(3):
        model.set_weights([value[member].numpy() for value in values])
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(model(x[member]) ** 2)
        alone = tape.gradient(total, [variable.value for variable in model.trainable_variables])
        for ours, theirs in zip(together, alone, strict=True):
            np.testing.assert_allclose(ours[member], theirs, rtol=1e-3, atol=1e-3)


def drawn(layer: BankedNoise | BankedDropout, rows: np.ndarray, width: int = 8) -> np.ndarray:
    layer.source.rows = tf.constant(rows, tf.int32)
    return np.asarray(layer(tf.ones((*rows.shape, width)), training=True))


ROWS = np.random.default_rng(0).integers(1 << 14, size=(2, 5000))


def test_banked_noise_is_gaussian() -> None:
    values = drawn(BankedNoise(L.GaussianNoise(0.3), 1, NoiseRows()), ROWS) - 1
    assert values.mean() == pytest.approx(0, abs=0.005)
    assert values.std() == pytest.approx(0.3, rel=0.02)
    assert np.mean(np.abs(values) > 0.6) == pytest.approx(0.0455, abs=0.005)


def test_banked_dropout_drops_its_share_and_keeps_the_mean() -> None:
    values = drawn(BankedDropout(L.Dropout(0.25), 1, NoiseRows()), ROWS)
    np.testing.assert_array_equal(np.unique(values), np.array([0, 1 / 0.75], dtype=np.float32))
    assert (values == 0).mean() == pytest.approx(0.25, abs=0.01)
    assert values.mean() == pytest.approx(1, abs=0.01)


def test_draws_belong_to_the_bank_row_and_the_layer_alone() -> None:
    source = NoiseRows()
    noise = BankedNoise(L.GaussianNoise(0.3), 1, source)
    both = drawn(noise, ROWS[:, :20])
    np.testing.assert_array_equal(drawn(noise, ROWS[1:, :20])[0], both[1])
    assert not np.array_equal(drawn(BankedNoise(L.GaussianNoise(0.3), 2, source), ROWS[:, :20]), both)
    assert len(np.unique(both[0], axis=0)) == 20


@pytest.mark.parametrize(
    "layer",
    [BankedNoise(L.GaussianNoise(0.3), 1, NoiseRows()), BankedDropout(L.Dropout(0.5), 1, NoiseRows())],
)
def test_there_is_no_noise_without_training(layer: BankedNoise | BankedDropout) -> None:
    x = np.ones((1, 4, 8), dtype=np.float32)
    np.testing.assert_array_equal(layer(x), x)


def test_every_use_of_a_layer_is_a_call() -> None:
    names = [type(call.operation).__name__ for call in calls_of(model_of(shared))]
    assert names == ["InputLayer", "Dense", "Dense"]
