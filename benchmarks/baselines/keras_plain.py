"""A loop of `keras.Model.fit`: the network of 2021 with one input of 13 columns, model after model."""

from time import perf_counter
from typing import Any

import cleveland as setup
import keras
from keras import ops

Tensor = Any

PACKAGES = ("keras", "tensorflow")


class Gate(keras.layers.Layer):
    """One non-negative weight per input."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights."""
        self.gates = self.add_weight(
            shape=(input_shape[-1],),
            initializer=keras.initializers.RandomUniform(-setup.GATE_LIMIT, setup.GATE_LIMIT),
            constraint=keras.constraints.NonNeg(),
        )

    def call(self, inputs: Tensor) -> Tensor:
        """Rectified product of input and gate."""
        return ops.relu(inputs * self.gates)


def soft_f1(target: Tensor, predicted: Tensor) -> Tensor:
    """Double soft F1 of the batch, summed over labels."""
    true_positive = ops.sum(target * predicted, axis=0)
    false_positive = ops.sum((1 - target) * predicted, axis=0)
    false_negative = ops.sum(target * (1 - predicted), axis=0)
    true_negative = ops.sum((1 - target) * (1 - predicted), axis=0)
    wrong = false_negative + false_positive + setup.TINY
    f1 = 2 * true_positive / (2 * true_positive + wrong)
    f1_of_complement = 2 * true_negative / (2 * true_negative + wrong)
    return ops.sum(1 - (f1 + f1_of_complement) / 2)


def blocks(hidden: Tensor) -> Tensor:
    """Three dense layers, with noise after the first two and dropout after each."""
    for block in range(setup.LAYERS):
        penalty = keras.regularizers.L2(setup.L2)
        hidden = keras.layers.Dense(
            setup.UNITS, activation="relu", kernel_regularizer=penalty, bias_regularizer=penalty
        )(hidden)
        if block < 2:
            hidden = keras.layers.GaussianNoise(setup.NOISE)(hidden)
        hidden = keras.layers.Dropout(setup.DROPOUT)(hidden)
    return hidden


def adam() -> keras.optimizers.Optimizer:
    """The optimizer of 2021."""
    return keras.optimizers.Adam(setup.LEARNING_RATE)


def build() -> keras.Model:
    """The compiled network."""
    inputs = keras.Input((setup.FEATURES,))
    outputs = keras.layers.Dense(setup.LABELS, activation="sigmoid")(blocks(Gate()(inputs)))
    model = keras.Model(inputs, outputs)
    model.compile(adam(), soft_f1)
    return model


def fit(model: keras.Model, train: tuple[Any, Any], valid: tuple[Any, Any], epochs: int) -> None:
    """Train as in 2021, without a progress bar and so patiently that no epoch is saved."""
    patient = keras.callbacks.EarlyStopping(patience=10**6, restore_best_weights=True)
    model.fit(
        *train,
        batch_size=setup.BATCH,
        epochs=epochs,
        validation_data=valid,
        shuffle=True,
        callbacks=[patient],
        verbose=0,
    )


def time_per_member_epoch(n_members: int = 2, epochs: int = 30) -> float:
    """Milliseconds per model and epoch.

    Building and tracing a model, which a user waits for too, are left out.
    """
    train, valid, _ = setup.halves()
    seconds = 0.0
    for _ in range(n_members):
        model = build()
        fit(model, train, valid, 2)
        start = perf_counter()
        fit(model, train, valid, epochs)
        seconds += perf_counter() - start
    return 1000 * seconds / (n_members * epochs)
