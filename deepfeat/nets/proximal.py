"""Penalties whose update sets weights to exactly zero: proximal steps, for one network and for a stack."""

from collections.abc import Sequence
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf

Tensor = Any


class Proximal(Protocol):
    """A penalty that is not differentiable, taken care of by a step of its own after every update.

    A plain gradient step on an L1 penalty never arrives at zero, it steps across. The proximal step solves
    for the new weights instead: those that are closest to the updated ones, paid for with the penalty.

    Attributes:
        weights: the variables of the network that it concerns.
    """

    weights: Sequence[Any]

    def step(self, values: Sequence[Tensor], threshold: Tensor) -> Sequence[Tensor]:
        """The weights after the step.

        Args:
            values: `(members, *shape)` per variable.
            threshold: `(members,)` step size times the strength of the penalty.
        """

    def size(self, values: Sequence[Tensor]) -> Tensor:
        """`(members,)` what a member's strength multiplies in its objective."""


class Hierarchy:
    """L1 on the linear connection of every feature, which bounds what the feature may do elsewhere.

    With `theta_j` the weights of the linear connection of feature j (all its columns, all outputs) and `W_j`
    its rows of the first hidden kernel, the penalty is the sum of the norms `||theta_j||` under the
    constraint `|W_j| <= ratio * ||theta_j||`, element by element: a feature whose linear connection is closed
    is out of the network. The step is the exact solution of Lemhadri, Ruan, Abraham & Tibshirani (2021,
    "LassoNet: a neural network with feature sparsity", JMLR 22(127), algorithm 2, in its form for groups).

    Args:
        linear: kernel `(columns, outputs)` of the linear connection.
        hidden: kernel `(columns, units)` of the first hidden layer.
        column_feature: for each column its feature, ascending from 0.
        ratio: how much larger a hidden weight may be than its linear connection.
    """

    def __init__(
        self, linear: keras.Variable, hidden: keras.Variable, column_feature: Sequence[int], ratio: float
    ) -> None:
        self.weights = (linear, hidden)
        self.ratio = ratio
        codes = np.asarray(column_feature)
        width = int(np.bincount(codes).max())
        # (features, width) the columns of each feature; a feature with fewer columns is filled up with one
        # that does not exist and is zero.
        self._columns = np.full((codes[-1] + 1, width), len(codes), dtype=np.int32)
        for feature, columns in enumerate(self._columns):
            own = np.flatnonzero(codes == feature)
            columns[: len(own)] = own
        self._place = np.array(
            [np.flatnonzero(self._columns.ravel() == c)[0] for c in range(len(codes))], dtype=np.int32
        )

    def step(self, values: Sequence[Tensor], threshold: Tensor) -> Sequence[Tensor]:
        """See `Proximal.step`."""
        linear, hidden = (self._grouped(value) for value in values)
        norm = tf.norm(linear, axis=-1, keepdims=True)
        largest_first = tf.sort(tf.abs(hidden), axis=-1, direction="DESCENDING")
        bound = self._bound(norm - threshold[:, None, None], largest_first)
        even = tf.cast(1 / np.sqrt(linear.shape[-1]), linear.dtype)
        direction = tf.where(norm > 0, linear / tf.where(norm > 0, norm, 1.0), even)
        return (
            self._spread(direction * bound / self.ratio, values[0]),
            self._spread(tf.clip_by_value(hidden, -bound, bound), values[1]),
        )

    def size(self, values: Sequence[Tensor]) -> Tensor:
        """See `Proximal.size`."""
        return tf.reduce_sum(tf.norm(self._grouped(values[0]), axis=-1), axis=-1)

    def _bound(self, left: Tensor, largest_first: Tensor) -> Tensor:
        """`(members, features, 1)` the largest hidden weight that a feature may have after the step."""
        numbers = np.arange(largest_first.shape[-1] + 1, dtype=np.float32)
        sums = tf.pad(tf.cumsum(largest_first, axis=-1), [[0, 0], [0, 0], [1, 0]])
        bounds = self.ratio / (1 + numbers * self.ratio**2) * tf.nn.relu(left + self.ratio * sums)
        # The first number of hidden weights that are cut such that the next one need not be.
        below = tf.pad(largest_first, [[0, 0], [0, 0], [0, 1]])
        count = tf.reduce_sum(tf.cast(below > bounds, tf.int32), axis=-1)
        return tf.gather(bounds, count[..., None], batch_dims=2)

    def _grouped(self, value: Tensor) -> Tensor:
        """`(members, columns, n)` as `(members, features, columns of a feature * n)`."""
        filled = tf.pad(value, [[0, 0], [0, 1], [0, 0]])
        groups, width = self._columns.shape
        return tf.reshape(tf.gather(filled, self._columns, axis=1), (-1, groups, width * value.shape[-1]))

    def _spread(self, grouped: Tensor, like: Tensor) -> Tensor:
        """The way back of `_grouped`."""
        flat = tf.reshape(grouped, (-1, self._columns.size, like.shape[-1]))
        return tf.gather(flat, self._place, axis=1)
