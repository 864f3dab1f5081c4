"""Gates: one weight in front of every feature, fixed or with chance while it is learned."""

from collections.abc import Sequence
from math import pi, sqrt
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

Floats = NDArray[Any]


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

    Attributes:
        closed: the weight of a feature that a member must not see: nothing passes, and nothing is learned.
    """

    closed: ClassVar[float] = 0.0

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
            constraint=self.constraint(),
        )

    def constraint(self) -> keras.constraints.Constraint | None:
        """What holds of the weights after each update."""
        return keras.constraints.NonNeg()

    def call(self, inputs: Any) -> Any:  # noqa: ANN401 - a tensor of the backend
        """Gate the columns."""
        return self.activation(inputs * self.column_weights())

    def column_weights(self) -> Any:  # noqa: ANN401 - a tensor of the backend
        """`(..., columns)` the weight of each column's feature."""
        return self.by_column(ops.convert_to_tensor(self.gate))

    def by_column(self, values: Any) -> Any:  # noqa: ANN401 - a tensor of the backend
        """`(..., columns)` of each column's feature, from `(..., features)`."""
        if self.n_features == len(self.column_feature):
            return values
        return ops.take(values, np.asarray(self.column_feature, dtype=np.int32), axis=-1)

    def opening(self, weights: Floats) -> Floats:
        """How far open gates of these weights are when a network answers; not negative, 0 is closed."""
        return np.maximum(weights, 0)

    def chance_open(self, weights: Floats) -> Floats:
        """The probability that gates of these weights are open while a network trains."""
        return (weights > 0).astype(np.float64)

    def penalised(self, gradient: Any, weights: Any, strength: Any) -> Any:  # noqa: ANN401 - tensors
        """A gradient of the loss with that of the penalty added, which is `strength` times `size`.

        Args:
            gradient: `(members, features)` by the weights; padding included, as of `weights`.
            weights: `(members, features)`.
            strength: `(members, 1)`.
        """
        del weights  # never negative, so the penalty has the same slope everywhere
        return gradient + strength

    def size(self, weights: Any) -> Any:  # noqa: ANN401 - tensors
        """`(members,)` what the penalty is on: the sum of the weights."""
        return ops.sum(weights, axis=1)

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


@keras.saving.register_keras_serializable(package="deepfeat")
class StochasticGate(Gate):
    """Multiplies every input column by a gate that is open by chance while it is learned.

    While training, the gate of feature j is `min(1, max(0, m_j + deviation * e))` with e standard normal,
    drawn anew for every row and step; the weight `m_j` is learned. So a feature is shut off with a
    probability that has a derivative, and its penalty can be on the number of open gates,
    `sum_j Phi(m_j / deviation)`, which does not shrink what is kept, as a penalty on the size of weights
    does. When the network answers there is no noise. Yamada, Lindenbaum, Negahban & Kluger 2020, "Feature
    selection using stochastic gates", ICML.

    Args:
        column_feature: see `Gate`.
        deviation: standard deviation of the noise; with the paper's 0.5 a gate at 0 or 1 can still turn.
        initializer: the starting value of the weights; by default half open.

    Input shape: `(..., columns)`. Output shape: the same.
    """

    # So far below zero that no draw opens it, and the slopes of chance and penalty are exactly zero.
    closed: ClassVar[float] = -100.0

    def __init__(
        self,
        column_feature: Sequence[int],
        deviation: float = 0.5,
        initializer: keras.initializers.Initializer | str | None = None,
        **kwargs: Any,  # noqa: ANN401 - whatever a Keras layer takes
    ) -> None:
        super().__init__(column_feature, initializer or keras.initializers.Constant(0.5), **kwargs)
        self.deviation = float(deviation)
        self.seed_generator = keras.random.SeedGenerator()

    def constraint(self) -> keras.constraints.Constraint | None:
        """None: below zero a gate is the less likely to open."""
        return None

    def call(self, inputs: Any, training: bool | None = None) -> Any:  # noqa: ANN401, FBT001
        """Gate the columns, by chance while training."""
        means = ops.convert_to_tensor(self.gate)
        if training:
            shape = (*ops.shape(inputs)[:-1], self.n_features)
            means = means + keras.random.normal(shape, stddev=self.deviation, seed=self.seed_generator)
        return self.activation(inputs * self.by_column(ops.clip(means, 0.0, 1.0)))

    def opening(self, weights: Floats) -> Floats:
        """See `Gate.opening`; from 0 to 1."""
        return np.clip(weights, 0, 1)

    def chance_open(self, weights: Floats) -> Floats:
        """See `Gate.chance_open`; `Phi(m / deviation)`."""
        from scipy.special import ndtr  # noqa: PLC0415 - slow to import

        chance: Floats = ndtr(weights.astype(np.float64) / self.deviation)
        return chance

    def penalised(self, gradient: Any, weights: Any, strength: Any) -> Any:  # noqa: ANN401
        """See `Gate.penalised`; the slope of the chance is the normal density."""
        density = ops.exp(-0.5 * ops.square(weights / self.deviation)) / (self.deviation * sqrt(2 * pi))
        return gradient + strength * density

    def size(self, weights: Any) -> Any:  # noqa: ANN401
        """`(members,)` the expected number of open gates."""
        return ops.sum(0.5 * (1 + ops.erf(weights / (self.deviation * sqrt(2)))), axis=1)

    def get_config(self) -> dict[str, Any]:
        """Everything needed to make the layer again."""
        return {**super().get_config(), "deviation": self.deviation}
