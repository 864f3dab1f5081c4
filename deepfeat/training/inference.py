"""Compiled answers of many trained members at once: predictions, gradients, activations."""

from functools import cached_property, partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from deepfeat.nets.entry import entry_of
from deepfeat.nets.losses import probabilities
from deepfeat.nets.template import Template
from deepfeat.training.forward import StackedForward, forward_of
from deepfeat.training.members import Loaded
from deepfeat.training.replacement import Replacement

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
        self._layers: dict[str, Any] = {}
        columns, outputs = template.shape.columns, template.shape.outputs
        weights = [
            tf.TensorSpec((None, *shape), variable.dtype)
            for shape, variable in zip(self.forward.shapes, self.forward.variables, strict=True)
        ]
        inputs, targets = tf.TensorSpec((None, 1, columns)), tf.TensorSpec((None, 1, outputs))
        self._signature = [
            weights,
            (inputs, inputs),
            (targets, targets),
            tf.TensorSpec((None, None, columns)),
        ]

    @cached_property
    def logits(self) -> Any:  # noqa: ANN401 - a compiled function
        """`(weights, inputs, targets, x) -> (members, rows, outputs)`, in the units of the target.

        `x` is `(members, rows, columns)`, or `(1, rows, columns)` where all members see the same rows.
        """
        return tf.function(self._logits, input_signature=self._signature)

    @cached_property
    def answers(self) -> Any:  # noqa: ANN401 - a compiled function
        """The same as probabilities; equal to `logits` for regression."""
        return tf.function(self._answers, input_signature=self._signature)

    @cached_property
    def gradients(self) -> Any:  # noqa: ANN401 - a compiled function
        """`(..., output) -> (members, rows, columns)` derivative of one logit by the unscaled inputs."""
        return tf.function(self._gradients, input_signature=[*self._signature, tf.TensorSpec((), tf.int32)])

    def layer(self, name: str) -> Any:  # noqa: ANN401 - a compiled function
        """`(weights, inputs, targets, x) -> (members, rows, *shape)` what one layer answers."""
        if name not in self._layers:
            # a partial and no inner function: TensorFlow would take the layers for one that is traced again
            self._layers[name] = tf.function(partial(self._layer, name), input_signature=self._signature)
        return self._layers[name]

    @cached_property
    def replacement(self) -> Replacement | None:
        """The network cut where the inputs enter it; None where that cannot be done."""
        if not isinstance(self.forward, StackedForward):
            return None
        entry = entry_of(self.forward.model)
        return None if entry is None else Replacement(self, self.forward, entry)

    def state(self, loaded: Loaded) -> tuple[list[Array], Pair, Pair]:
        """Loaded members as the compiled functions take them; a lone one comes twice.

        Products of a stack of one may be summed in another order than those of larger ones; then the last
        bits of a member would depend on its company.
        """
        values, inputs, targets = loaded
        lone = len(values[0]) == 1 and self.template.stackable
        twice: Any = [0, 0] if lone else slice(None)
        shapes = self.forward.shapes
        return (
            [value[twice].reshape(-1, *shape) for value, shape in zip(values, shapes, strict=True)],
            (inputs[0][twice][:, None], inputs[1][twice][:, None]),
            (targets[0][twice][:, None], targets[1][twice][:, None]),
        )

    def _logits(self, weights: list[Tensor], inputs: Pair, targets: Pair, x: Tensor) -> Tensor:
        logits = self.forward(weights, (x - inputs[0]) * inputs[1], None)[0]
        return self.in_units(logits, targets)

    def _layer(self, name: str, weights: list[Tensor], inputs: Pair, targets: Pair, x: Tensor) -> Tensor:
        del targets
        return self.forward.layer(name, weights, (x - inputs[0]) * inputs[1])

    def _answers(self, weights: list[Tensor], inputs: Pair, targets: Pair, x: Tensor) -> Tensor:
        return probabilities(self._logits(weights, inputs, targets, x), self.template.head)

    def _gradients(
        self, weights: list[Tensor], inputs: Pair, targets: Pair, x: Tensor, output: Tensor
    ) -> Tensor:
        scaled = (x - inputs[0]) * inputs[1]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(scaled)
            logits = self.forward(weights, scaled, None)[0]
            logit = self.in_units(logits, targets)[..., output]
        return tape.gradient(logit, scaled) * inputs[1]

    def in_units(self, logits: Tensor, targets: Pair) -> Tensor:
        """Logits in the units of the target, which members learn scaled for regression."""
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
