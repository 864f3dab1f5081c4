"""From the columns of a table back to the image that they are."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="deepfeat")
class Picture(keras.layers.Layer):
    """Puts the columns of a row where they are in the image.

    Args:
        height: in pixels.
        width: in pixels.
        channels: numbers per pixel.
        pixels: for each column its number in an image that is laid out row by row, channels last; by default
            they are in that order.

    Input shape: `(rows, columns)`. Output shape: `(rows, height, width, channels)`.
    """

    def __init__(
        self,
        height: int,
        width: int,
        channels: int,
        pixels: Sequence[int] = (),
        **kwargs: Any,  # noqa: ANN401 - whatever a Keras layer takes
    ) -> None:
        super().__init__(**kwargs)
        self.height, self.width, self.channels = int(height), int(width), int(channels)
        self.pixels = [int(pixel) for pixel in pixels]
        self._columns = np.argsort(self.pixels).astype(np.int32)

    def call(self, inputs: Any) -> Any:  # noqa: ANN401 - a tensor of the backend
        """Reorder and reshape."""
        ordered = ops.take(inputs, self._columns, axis=-1) if self.pixels else inputs
        return ops.reshape(ordered, (-1, self.height, self.width, self.channels))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the output."""
        return (input_shape[0], self.height, self.width, self.channels)

    def get_config(self) -> dict[str, Any]:
        """Everything needed to make the layer again."""
        own = {"height": self.height, "width": self.width, "channels": self.channels, "pixels": self.pixels}
        return {**super().get_config(), **own}
