"""What the layers of a network make of each input column when their activations are left aside."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from deepfeat.nets.gate import Gate
from deepfeat.nets.stacking import NOISES, calls_of

Array = NDArray[Any]

LEFT_ASIDE = (
    *NOISES,
    keras.layers.Activation,
    keras.layers.ReLU,
    keras.layers.LeakyReLU,
    keras.layers.ELU,
    keras.layers.Identity,
)


def connections(
    model: keras.Model, kernel: Callable[[keras.layers.Dense], Array], gates: Callable[[], Array]
) -> NDArray[np.float64] | None:
    """The product of all weights from each input to each output: connection weights (Olden et al. 2004).

    Args:
        model: a plain network of one layer after the other.
        kernel: `(members, in, out)` of a dense layer, for all members.
        gates: `(members, columns)` of the gate.

    Returns:
        (members, columns, outputs), or None for a network that is no chain of gates, sums of columns, dense
        layers and activations.
    """
    through: Array = np.eye(model.output_shape[-1])[None]
    # From the outputs to the inputs, so that nothing is ever larger than columns times outputs.
    for call in reversed(calls_of(model)):
        layer = call.operation
        if isinstance(layer, keras.layers.InputLayer):
            return through.astype(np.float64)
        if len(call.parent_nodes) != 1:
            return None
        if isinstance(layer, keras.layers.Dense):
            through = kernel(layer).astype(np.float64) @ through
        elif isinstance(layer, Gate):
            through = gates()[..., None] * through
        elif getattr(layer, "along_columns", False) and not layer.weights:
            through = _back(layer, through)
        elif not isinstance(layer, LEFT_ASIDE):
            return None
    return None


def _back(layer: keras.layers.Layer, through: Array) -> Array:
    """`through`, `(members, columns, outputs)`, before a layer that is linear along the columns."""
    upstream = tf.constant(np.swapaxes(through, 1, 2), tf.float32)
    inputs = tf.zeros((*upstream.shape[:2], layer.input.shape[-1]))
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        total = tf.reduce_sum(layer(inputs) * upstream)
    return np.swapaxes(tape.gradient(total, inputs).numpy(), 1, 2)
