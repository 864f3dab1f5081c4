"""The construction of 2021: an input and a dense layer per feature, an output with metrics per label."""

from time import perf_counter

import cleveland as setup
import keras
import numpy as np
from keras_plain import adam, blocks, fit, soft_f1

PACKAGES = ("keras", "tensorflow")


def build() -> keras.Model:
    """The compiled network."""
    inputs = [keras.Input((1,)) for _ in range(setup.FEATURES)]
    gated = [
        keras.layers.Dense(
            1,
            activation="relu",
            use_bias=False,
            kernel_initializer=keras.initializers.RandomUniform(-setup.GATE_LIMIT, setup.GATE_LIMIT),
            kernel_constraint=keras.constraints.NonNeg(),
        )(one)
        for one in inputs
    ]
    hidden = blocks(keras.layers.Concatenate()(gated))
    outputs = [keras.layers.Dense(1, activation="sigmoid")(hidden) for _ in range(setup.LABELS)]
    model = keras.Model(inputs, outputs)
    model.compile(
        adam(),
        loss=[soft_f1] * setup.LABELS,
        metrics=[[keras.metrics.Precision(), keras.metrics.Recall()] for _ in range(setup.LABELS)],
    )
    return model


def columns(part: tuple[np.ndarray, np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Inputs and labels as lists of single columns."""
    x, y = part
    return np.split(x, setup.FEATURES, axis=1), np.split(y, setup.LABELS, axis=1)


def time_per_member_epoch(n_members: int = 1, epochs: int = 30) -> float:
    """Milliseconds per model and epoch.

    Building and tracing a model, which a user waits for too, are left out.
    """
    train, valid, _ = setup.halves()
    seconds = 0.0
    for _ in range(n_members):
        model = build()
        fit(model, columns(train), columns(valid), 2)
        start = perf_counter()
        fit(model, columns(train), columns(valid), epochs)
        seconds += perf_counter() - start
    return 1000 * seconds / (n_members * epochs)
