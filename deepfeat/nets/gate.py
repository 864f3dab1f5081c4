"""The gate: one non-negative weight in front of every feature."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="deepfeat")
class Gate(keras.layers.Layer):
    """Multiplies every input column by the weight of the feature it belongs to.

    The weight starts at the same or a random value, is kept non-negative after each update and is read
    afterwards as the importance of its feature (Ashraf 2021, "Deep global feature importance extraction").
    All columns of a one-hot encoded feature share one weight.

    Args:
        column_feature: for each input column the index of its feature, ascending from 0.
        initializer: the starting value of the weights, a Keras initializer.
        activation: applied to the product; `relu` in the original, where inputs were non-negative.

    Input shape: `(..., columns)`. Output shape: the same.
    """

    def __init__(
        self,
        column_feature: Sequence[int],
        initializer: keras.initializers.Initializer | str = "ones",
        activation: str | None = None,
        **kwargs: Any,  # noqa: ANN401 - whatever a Keras layer takes
    ) -> None:
        super().__init__(**kwargs)
        self.column_feature = [int(feature) for feature in column_feature]
        self.initializer = keras.initializers.get(initializer)
        self.activation = keras.activations.get(activation)
        self.n_features = max(self.column_feature) + 1

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights, one per feature.

        Raises:
            ValueError: when the input is not as wide as `column_feature`.
        """
        if input_shape[-1] != len(self.column_feature):
            raise ValueError(f"the gate expects {len(self.column_feature)} columns, not {input_shape[-1]}")
        self.gate = self.add_weight(
            name="gate",
            shape=(self.n_features,),
            initializer=self.initializer,
            constraint=keras.constraints.NonNeg(),
        )

    def call(self, inputs: Any) -> Any:  # noqa: ANN401 - a tensor of the backend
        """Gate the columns."""
        return self.activation(inputs * self.column_weights())

    def column_weights(self) -> Any:  # noqa: ANN401 - a tensor of the backend
        """`(..., columns)` the weight of each column's feature."""
        weights = ops.convert_to_tensor(self.gate)
        if self.n_features < len(self.column_feature):
            weights = ops.take(weights, np.asarray(self.column_feature, dtype=np.int32), axis=-1)
        return weights

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Shape of the output: that of the input."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Everything needed to make the layer again."""
        return {
            **super().get_config(),
            "column_feature": self.column_feature,
            "initializer": keras.initializers.serialize(self.initializer),
            "activation": keras.activations.serialize(self.activation),
        }
