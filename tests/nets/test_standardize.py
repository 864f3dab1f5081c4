"""Scaling as a layer."""

import numpy as np

from deepfeat.nets.standardize import Standardize

X = np.array([[1.0, 2.0], [3.0, 6.0]], dtype=np.float32)


def test_centres_and_scales_every_column() -> None:
    layer = Standardize()
    layer.build(X.shape)
    np.testing.assert_array_equal(np.asarray(layer(X)), X)
    layer.set_weights([np.array([2.0, 4.0]), np.array([1.0, 0.0])])
    np.testing.assert_array_equal(np.asarray(layer(X)), [[-1, 0], [1, 0]])


def test_its_constants_are_not_trained() -> None:
    layer = Standardize()
    layer.build(X.shape)
    assert layer.trainable_variables == []
    assert layer.compute_output_shape((None, 2)) == (None, 2)
