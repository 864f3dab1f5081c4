"""Where inputs enter a network, and what is behind."""

import keras
import numpy as np
import pytest

from deepfeat.nets.ashraf import Ashraf2021
from deepfeat.nets.default import Default
from deepfeat.nets.entry import entry_of
from deepfeat.nets.gate import Gate
from deepfeat.nets.network import Network, NetworkShape

SHAPE = NetworkShape((0, 1, 2, 2, 2), 2, "multiclass")
NETWORKS = (Default(), Default(Default.Params(skip=False)), Default(Default.Params(units=())), Ashraf2021())


def model_of(network: Network) -> keras.Model:
    inputs = keras.Input((SHAPE.columns,))
    return keras.Model(inputs, network.build(inputs, SHAPE))


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: f"{network.name} {network.params}")
def test_both_parts_together_are_the_network(network: Network) -> None:
    model = model_of(network)
    entry = entry_of(model)
    x = np.random.default_rng(0).normal(size=(7, SHAPE.columns)).astype(np.float32)
    gated = entry.gate(x)
    first = [layer(gated if use else x) for layer, use in zip(entry.layers, entry.gated, strict=True)]
    np.testing.assert_allclose(entry.tail(first), model(x), rtol=1e-6)


def test_the_layers_are_found() -> None:
    entry = entry_of(model_of(Default()))
    assert [layer.name for layer in entry.layers] == ["dense_1", "skip"]
    assert entry.gated == (True, True)
    assert entry.gate.name == "gate"


def test_a_network_that_is_one_layer_has_nothing_behind_it() -> None:
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    entry = entry_of(model)
    assert entry.gate is None
    assert entry.gated == (False,)
    values = np.ones((1, 2), dtype=np.float32)
    np.testing.assert_array_equal(entry.tail([values]), values)


def test_layers_on_gated_and_on_plain_inputs() -> None:
    inputs = keras.Input((2,))
    deep = keras.layers.Dense(1, name="deep")(Gate([0, 1])(inputs))
    linear = keras.layers.Dense(1, name="linear")(inputs)
    entry = entry_of(keras.Model(inputs, keras.layers.Add()([deep, linear])))
    assert {layer.name: use for layer, use in zip(entry.layers, entry.gated, strict=True)} == {
        "deep": True,
        "linear": False,
    }


def test_noise_on_the_inputs_is_silent() -> None:
    inputs = keras.Input((2,))
    noisy = keras.layers.Dropout(0.5)(Gate([0, 1])(keras.layers.GaussianNoise(1.0)(inputs)))
    entry = entry_of(keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Dense(3, name="first")(noisy))))
    assert [layer.name for layer in entry.layers] == ["first"]
    assert entry.gated == (True,)


def _concatenated(inputs: keras.KerasTensor) -> keras.KerasTensor:
    hidden = keras.layers.Dense(2)(inputs)
    return keras.layers.Dense(1)(keras.layers.Concatenate()([inputs, hidden]))


def _normalised(inputs: keras.KerasTensor) -> keras.KerasTensor:
    return keras.layers.Dense(1)(keras.layers.BatchNormalization()(inputs))


def _two_gates(inputs: keras.KerasTensor) -> keras.KerasTensor:
    return keras.layers.Dense(1)(Gate([0, 1], name="second")(Gate([0, 1], name="first")(inputs)))


def _rivals(inputs: keras.KerasTensor) -> keras.KerasTensor:
    return keras.layers.Dense(1)(Gate([0, 1], activation="softmax")(inputs))


@pytest.mark.parametrize("build", [_concatenated, _normalised, _two_gates, _rivals])
def test_other_networks_are_not_cut(build: object) -> None:
    inputs = keras.Input((2,))
    assert entry_of(keras.Model(inputs, build(inputs))) is None
