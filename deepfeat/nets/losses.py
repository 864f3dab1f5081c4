"""Training losses, written once for one network and for a stack of networks.

Every loss takes `(..., rows, outputs)` targets and logits and `(..., rows)` row weights and returns one value
per leading index, so `(members, rows, outputs)` gives `(members,)` and `(rows, outputs)` gives a scalar.
A row of weight zero does not exist for the loss.
"""

from collections.abc import Callable
from typing import Any, Literal

import keras
from keras import ops

Head = Literal["sigmoid", "softmax", "linear"]
LossName = Literal["soft_f1", "cross_entropy", "squared_error"]
Tensor = Any
Loss = Callable[[Tensor, Tensor, Tensor], Tensor]

# F1 of a class that neither occurs nor is predicted is 0/0; Ashraf (2021) adds this to the denominator.
TINY = 1e-16


def probabilities(logits: Tensor, head: Head) -> Tensor:
    """What the network answers for its logits: probabilities, or the values themselves for regression."""
    if head == "sigmoid":
        return ops.sigmoid(logits)
    if head == "softmax":
        return ops.softmax(logits, axis=-1)
    return logits


def soft_f1(target: Tensor, logits: Tensor, weight: Tensor, head: Head) -> Tensor:
    """Double soft F1: one minus the mean F1 of each label and of its complement, summed over labels.

    The counts of true and false positives are sums of probabilities over the batch, which makes F1
    differentiable (Maiza 2019, "The unknown benefits of using a soft-F1 loss"; used so by Ashraf 2021).
    """
    predicted = probabilities(logits, head)
    # Sums over rows are products with the weights: one pass, and the same last bits in every stack.
    weight = weight[..., None, :]
    f1_label = _soft_f1(target, predicted, weight)
    # Not from the counts above by subtraction: where every row has the label, what rounding leaves of
    # 0 / 0 can be anything, and its derivative infinite.
    f1_complement = _soft_f1(1 - target, 1 - predicted, weight)
    return ops.sum(1 - (f1_label + f1_complement) / 2, axis=-1)


def _soft_f1(target: Tensor, predicted: Tensor, weight: Tensor) -> Tensor:
    true_positive = ops.matmul(weight, target * predicted)[..., 0, :]
    positives = ops.matmul(weight, target + predicted)[..., 0, :]
    return 2 * true_positive / (positives + TINY)


def cross_entropy(target: Tensor, logits: Tensor, weight: Tensor, head: Head) -> Tensor:
    """Mean over rows of the categorical, or (mean over labels of the) binary cross-entropy."""
    per_row = keras.losses.categorical_crossentropy if head == "softmax" else keras.losses.binary_crossentropy
    return _mean_over_rows(per_row(target, logits, from_logits=True), weight)


def squared_error(target: Tensor, logits: Tensor, weight: Tensor, head: Head) -> Tensor:
    """Mean over rows of the squared error of the answer (the Brier score where it is a probability)."""
    per_row = keras.losses.mean_squared_error(target, probabilities(logits, head))
    return _mean_over_rows(per_row, weight)


def _mean_over_rows(values: Tensor, weight: Tensor) -> Tensor:
    # As Keras does: the weighted sum over the number of rows, so that class weights change the step size.
    present = ops.sum(ops.cast(weight > 0, values.dtype), axis=-1)
    return ops.sum(values * weight, axis=-1) / present


_LOSSES = {"soft_f1": soft_f1, "cross_entropy": cross_entropy, "squared_error": squared_error}


def loss_function(name: LossName, head: Head) -> Loss:
    """The named loss for a network that ends in the given head."""
    function = _LOSSES[name]
    return lambda target, logits, weight: function(target, logits, weight, head)


@keras.saving.register_keras_serializable(package="deepfeat")
class BatchLoss(keras.losses.Loss):
    """A loss of this file for `keras.Model.compile`, on a model that returns logits.

    Args:
        loss: one of the loss names.
        head: what the logits are turned into.
    """

    def __init__(self, loss: LossName, head: Head, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(**{"name": loss, **kwargs})
        self.loss: LossName = loss
        self.head: Head = head

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """The loss of one batch, a scalar."""
        return loss_function(self.loss, self.head)(y_true, y_pred, ops.ones_like(y_pred[..., 0]))

    def get_config(self) -> dict[str, Any]:
        """Everything needed to make the loss again."""
        return {**super().get_config(), "loss": self.loss, "head": self.head}
