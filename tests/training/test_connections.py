"""The product of all weights, from the inputs to the outputs."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from deepfeat.nets.blocks import SumOfBlocks
from deepfeat.nets.gate import Gate
from deepfeat.training.connections import connections

L = keras.layers


def linear(inputs: Any) -> Any:  # noqa: ANN401 - Keras tensors
    """Two blocks of three columns behind gates; without activations and biases."""
    hidden = SumOfBlocks(2)(Gate([0, 1, 2, 3, 4, 4])(inputs))
    return L.Dense(2, use_bias=False, name="last")(L.Dense(4, use_bias=False, name="first")(hidden))


def bent(inputs: Any) -> Any:  # noqa: ANN401 - Keras tensors
    hidden = SumOfBlocks(2)(Gate([0, 1, 2, 3, 4, 4], activation="relu")(inputs))
    hidden = L.Dropout(0.3)(L.LeakyReLU()(L.GaussianNoise(0.1)(L.Dense(4, name="first")(hidden))))
    return L.Dense(2, activation="tanh", name="last")(hidden)


def product_of(build: Callable[[Any], Any], seed: int = 0) -> tuple[keras.Model, Any]:
    inputs = keras.Input((6,))
    model = keras.Model(inputs, build(inputs))
    rng = np.random.default_rng(seed)
    dense = [layer for layer in model.layers if isinstance(layer, L.Dense)]
    weights = {layer.name: rng.normal(size=(3, *layer.kernel.shape)) for layer in dense}
    gates = rng.uniform(size=(3, 5))[:, [0, 1, 2, 3, 4, 4]]
    for layer in model.layers:
        if layer.name in weights:
            layer.kernel.assign(weights[layer.name][1])
        if isinstance(layer, Gate):
            layer.gate.assign(gates[1, :5])
    return model, connections(model, lambda dense: weights[dense.name], lambda: gates)


def test_a_linear_network_is_its_connections() -> None:
    model, product = product_of(linear)
    assert product.shape == (3, 6, 2)
    x = np.random.default_rng(1).normal(size=(7, 6)).astype(np.float32)
    np.testing.assert_allclose(model(x), x @ product[1], atol=1e-5)


def test_activations_biases_and_noise_are_left_aside() -> None:
    np.testing.assert_allclose(product_of(bent)[1], product_of(linear)[1])


@pytest.mark.parametrize(
    "build",
    [
        lambda x: L.Dense(2, name="last")(L.Add()([x, L.Dense(6, name="first")(x)])),
        lambda x: L.Dense(2, name="last")(L.LayerNormalization()(x)),
    ],
)
def test_what_is_no_chain_of_dense_layers_has_none(build: Callable[[Any], Any]) -> None:
    assert product_of(build)[1] is None
