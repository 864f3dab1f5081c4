"""Scaling as a layer, so that a saved network takes the numbers of the table as they are."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="deepfeat")
class Standardize(keras.layers.Layer):
    """`(x - center) * scale` per column, with constants instead of trained weights.

    A column that a member must not see has scale 0: it is constant for that member.

    Input shape: `(..., columns)`. Output shape: the same.
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the two constants; they start as the identity."""
        columns = (input_shape[-1],)
        self.center = self.add_weight(name="center", shape=columns, initializer="zeros", trainable=False)
        self.scale = self.add_weight(name="scale", shape=columns, initializer="ones", trainable=False)

    def call(self, inputs: Any) -> Any:  # noqa: ANN401 - a tensor of the backend
        """Centre and scale."""
        return (inputs - ops.convert_to_tensor(self.center)) * ops.convert_to_tensor(self.scale)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the output: that of the input."""
        return input_shape
