"""Compiled answers of many trained members at once: predictions, gradients, activations."""

from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from deepfeat.nets.losses import probabilities
from deepfeat.nets.template import Template
from deepfeat.training.forward import forward_of

Tensor = Any
Array = NDArray[Any]
Pair = tuple[Tensor, Tensor]  # centre and scale


class Inference:
    """A network without noise, as a function of stacked weights and unscaled rows.

    Args:
        template: the network.
    """

    def __init__(self, template: Template) -> None:
        self.template = template
        self.forward = forward_of(template)
        columns, outputs = template.shape.columns, template.shape.outputs
        weights = [
            tf.TensorSpec((None, *shape), variable.dtype)
            for shape, variable in zip(self.forward.shapes, self.forward.variables, strict=True)
        ]
        inputs, targets = tf.TensorSpec((None, 1, columns)), tf.TensorSpec((None, 1, outputs))
        self._signature = [weights, (inputs, inputs), (targets, targets), tf.TensorSpec((None, columns))]

    @cached_property
    def logits(self) -> Any:  # noqa: ANN401 - a compiled function
        """`(weights, inputs, targets, x) -> (members, rows, outputs)`, in the units of the target."""
        return tf.function(self._logits, input_signature=self._signature)

    @cached_property
    def answers(self) -> Any:  # noqa: ANN401 - a compiled function
        """The same as probabilities; equal to `logits` for regression."""
        return tf.function(self._answers, input_signature=self._signature)

    @cached_property
    def gradients(self) -> Any:  # noqa: ANN401 - a compiled function
        """`(..., output) -> (members, rows, columns)` derivative of one logit by the unscaled inputs."""
        return tf.function(self._gradients, input_signature=[*self._signature, tf.TensorSpec((), tf.int32)])

    def _logits(self, weights: list[Tensor], inputs: Pair, targets: Pair, x: Tensor) -> Tensor:
        return self._from_scaled(weights, (x[None] - inputs[0]) * inputs[1], targets)

    def _answers(self, weights: list[Tensor], inputs: Pair, targets: Pair, x: Tensor) -> Tensor:
        return probabilities(self._logits(weights, inputs, targets, x), self.template.head)

    def _gradients(
        self, weights: list[Tensor], inputs: Pair, targets: Pair, x: Tensor, output: Tensor
    ) -> Tensor:
        scaled = (x[None] - inputs[0]) * inputs[1]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(scaled)
            logit = self._from_scaled(weights, scaled, targets)[..., output]
        return tape.gradient(logit, scaled) * inputs[1]

    def _from_scaled(self, weights: list[Tensor], scaled: Tensor, targets: Pair) -> Tensor:
        logits, _ = self.forward(weights, scaled, None)
        if self.template.shape.task == "regression":
            return logits / targets[1] + targets[0]
        return logits


def set_member(
    model: keras.Model, template: Template, values: list[Array], inputs: Array, targets: Array
) -> None:
    """Give a `Template.member_model` the weights of one member.

    Args:
        model: the model to fill.
        template: where it came from.
        values: one array per entry of `template.variables`, any leading axes of length one.
        inputs: `(2, columns)` centre and scale of the inputs.
        targets: `(2, outputs)` centre and scale of the targets.
    """
    scaling = model.get_layer("scaling")
    scaling.set_weights([inputs[0], inputs[1]])
    if template.head == "linear":
        # The answer is logit / scale + centre, written as (logit - c) * s.
        model.get_layer("answer").set_weights([-targets[0] * targets[1], 1 / targets[1]])
    fixed = {id(v) for layer in ("scaling", "answer") for v in model.get_layer(layer).weights}
    every = model.weights if template.stackable else model.variables
    own = [variable for variable in every if id(variable) not in fixed]
    for variable, value in zip(own, values, strict=True):
        variable.assign(np.reshape(value, tuple(variable.shape)))
