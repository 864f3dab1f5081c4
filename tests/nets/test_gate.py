"""The gate."""

import keras
import numpy as np
import pytest

from deepfeat.nets.gate import Gate

X = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]], dtype=np.float32)


def gated(gate: Gate, weights: list[float], x: np.ndarray = X) -> np.ndarray:
    gate.build(x.shape)
    gate.set_weights([np.array(weights, dtype=np.float32)])
    return np.asarray(gate(x))


def test_every_column_is_multiplied_by_the_weight_of_its_feature() -> None:
    np.testing.assert_allclose(gated(Gate([0, 1, 2]), [2, 0, 0.5]), X * [2, 0, 0.5])
    np.testing.assert_allclose(gated(Gate([0, 1, 1]), [2, 0.5]), X * [2, 0.5, 0.5])


def test_the_activation_comes_after_the_product() -> None:
    np.testing.assert_allclose(
        gated(Gate([0, 1, 2], activation="relu"), [2, 1, 1]), np.maximum(X * [2, 1, 1], 0)
    )


def test_it_starts_open() -> None:
    gate = Gate([0, 1, 1])
    gate.build((None, 3))
    np.testing.assert_array_equal(gate.get_weights()[0], [1, 1])


def test_the_weights_never_become_negative() -> None:
    model = keras.Sequential([keras.Input((3,)), Gate([0, 1, 2])])
    model.compile(keras.optimizers.SGD(10.0), "mse", run_eagerly=True)
    model.train_on_batch(X, -X)
    assert (model.get_weights()[0] == 0).all()


def test_an_input_of_another_width_is_refused() -> None:
    with pytest.raises(ValueError, match="expects 2 columns, not 3"):
        Gate([0, 1]).build((None, 3))


def test_it_survives_its_config() -> None:
    start = keras.initializers.RandomUniform(-2, 3)
    gate = Gate([0, 1, 1], initializer=start, activation="relu", name="g")
    again = Gate.from_config(gate.get_config())
    assert again.get_config() == gate.get_config()
    assert isinstance(again.initializer, keras.initializers.RandomUniform)
    assert again.compute_output_shape((None, 3)) == (None, 3)
