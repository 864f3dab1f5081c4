"""From a named network to Keras models: the one that is trained, and each member as a model of its own."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from math import prod
from threading import Lock
from typing import Any, cast

import keras
import numpy as np
import tensorflow as tf
from keras.src.backend.common import global_state
from numpy.typing import NDArray

from deepfeat.nets import device
from deepfeat.nets.gate import Gate
from deepfeat.nets.losses import Head
from deepfeat.nets.network import Network, NetworkShape
from deepfeat.nets.proximal import Proximal
from deepfeat.nets.stacking import calls_of, unstackable
from deepfeat.nets.standardize import Standardize

_DRAWING = Lock()


@dataclass(frozen=True, eq=False)
class Template:
    """A network built for one table: what all members of an ensemble have in common.

    Attributes:
        network: the named network with its parameters.
        shape: the table it was built for.
        model: plain Keras model from scaled inputs `(rows, columns)` to logits `(rows, outputs)`.
    """

    network: Network
    shape: NetworkShape
    model: keras.Model

    @property
    def head(self) -> Head:
        """What turns logits into answers."""
        return cast("Head", self.network.head(self.shape.task))

    @cached_property
    def why_not_stackable(self) -> list[str]:
        """Reasons why members must be trained one after another; empty where they train as a stack."""
        return unstackable(self.model)

    @property
    def stackable(self) -> bool:
        """Whether members train together."""
        return not self.why_not_stackable

    @cached_property
    def variables(self) -> list[Any]:
        """What a member consists of: the weights, and for networks trained one by one every other state."""
        return list(self.model.weights if self.stackable else self.model.variables)

    @cached_property
    def gate_layer(self) -> Gate | None:
        """The gate, None for a network without one."""
        return next((layer for layer in self.model.layers if isinstance(layer, Gate)), None)

    @cached_property
    def gate(self) -> int | None:
        """Index in `variables` of the weights of the gate, None for a network without one."""
        return None if self.gate_layer is None else self.index(self.gate_layer.gate)

    @cached_property
    def proximal(self) -> Proximal | None:
        """The penalty of the network that sets weights to exactly zero, where it has one."""
        named: Proximal | None = self.network.proximal(self.model, self.shape)
        return named

    @cached_property
    def input_kernels(self) -> tuple[int, ...]:
        """Indices in `variables` of the kernels whose rows are the input columns, in layer order."""
        kernels = []
        for call in calls_of(self.model):
            if isinstance(call.operation, keras.layers.Dense):
                parents = [parent.operation for parent in call.parent_nodes]
                if any(isinstance(parent, keras.layers.InputLayer | Gate) for parent in parents):
                    kernels.append(self.index(call.operation.kernel))
        return tuple(dict.fromkeys(kernels))

    @cached_property
    def first_kernel(self) -> int | None:
        """Index of the widest kernel on the inputs: the first layer proper, not a skip connection."""
        widths = {index: self.variables[index].shape[-1] for index in self.input_kernels}
        return max(widths, key=lambda index: (widths[index], -index)) if widths else None

    @cached_property
    def widths(self) -> list[int]:
        """Numbers per row in everything that the layers compute, inputs included."""
        tensors = [tensor for call in calls_of(self.model) for tensor in call.output_tensors]
        return [prod(size or 1 for size in tensor.shape) for tensor in tensors]

    def member_model(self) -> keras.Model:
        """A plain model from table rows to answers, with fresh weights.

        Scaling is its first layer, so it takes the numbers of the encoded table as they are. Its weights are
        the two constants of the scaling, those of `model` in order, and for regression it ends in a
        `Standardize` layer that undoes the scaling of the target.
        """
        inputs = keras.Input((self.shape.columns,), name="inputs")
        scaled = Standardize(name="scaling")(inputs)
        with _names_from_the_start():
            logits = self.network.build(scaled, self.shape)
        if self.head == "linear":
            outputs = Standardize(name="answer")(logits)
        else:
            outputs = keras.layers.Activation(self.head, name="answer")(logits)
        return keras.Model(inputs, outputs, name=self.network.name.replace("-", "_"))

    def index(self, variable: Any) -> int:  # noqa: ANN401 - a Keras variable
        """Place of one of the model's variables in `variables`."""
        return next(index for index, weight in enumerate(self.variables) if weight is variable)


def build_template(network: Network, shape: NetworkShape) -> Template:
    """Build the network for a table of this shape.

    Raises:
        ValueError: when the network does not return `(rows, outputs)`.
    """
    device.prepare()
    inputs = keras.Input((shape.columns,), name="inputs")
    with _names_from_the_start():
        logits = network.build(inputs, shape)
    model = keras.Model(inputs, logits, name=network.name.replace("-", "_"))
    if tuple(model.output_shape) != (None, shape.outputs):
        raise ValueError(
            f"network {network.name} returns {model.output_shape}; it must return (None, {shape.outputs})"
        )
    return Template(network, shape, model)


@contextmanager
def _names_from_the_start() -> Iterator[None]:
    """Number layers that were not given a name as in a new process, and go on as before afterwards.

    The names are part of a saved model, which must not depend on how many models were built before it.
    """
    counters = global_state.get_global_attribute("object_name_uids")
    global_state.set_global_attribute("object_name_uids", defaultdict(int))
    try:
        yield
    finally:
        global_state.set_global_attribute("object_name_uids", counters)


def initial_weights(template: Template, seed: int, mask: NDArray[np.bool_]) -> list[NDArray[Any]]:
    """The weights a member starts from, a function of its seed and its mask.

    Args:
        template: the network.
        seed: the member's seed.
        mask: (features,) the features it may use; gates of the others are closed, kernel rows zero.

    Returns:
        One array per entry of `template.variables`.
    """
    return masked_weights(template, drawn_weights(template, seed), mask)


def drawn_weights(template: Template, seed: int) -> list[NDArray[Any]]:
    """The weights of a member that may use every feature, a function of its seed alone."""
    if template.stackable:
        # A few numbers at a time, which a GPU only delays; and with it a member starts from the same ones.
        with tf.device("CPU"):
            return [
                _initial(variable, initializer, np.random.SeedSequence([seed, index]))
                for index, (variable, initializer) in enumerate(_initializers(template.model))
            ]
    # Any layer may be in here, so Keras itself draws, from its global seed, for one member at a time.
    with _DRAWING:
        keras.utils.set_random_seed(seed % (1 << 32))
        fresh = build_template(template.network, template.shape).model
        return [np.array(variable.numpy()) for variable in fresh.variables]


def masked_weights(
    template: Template, drawn: list[NDArray[Any]], mask: NDArray[np.bool_]
) -> list[NDArray[Any]]:
    """A copy of weights from `drawn_weights` for a member that may use some features only."""
    values = [value.copy() for value in drawn]
    if template.gate is not None and template.gate_layer is not None:
        values[template.gate][~mask] = template.gate_layer.closed
    columns = mask[np.asarray(template.shape.column_feature)]
    for kernel in template.input_kernels:
        values[kernel][~columns] = 0
    return values


def _initializers(model: keras.Model) -> list[tuple[Any, Any]]:
    pairs = []
    for layer in model.layers:
        for variable in layer.weights:
            attribute = "initializer" if isinstance(layer, Gate) else f"{variable.name}_initializer"
            pairs.append((variable, getattr(layer, attribute)))
    return pairs


def _initial(variable: Any, initializer: Any, entropy: np.random.SeedSequence) -> NDArray[Any]:  # noqa: ANN401
    config = initializer.get_config()
    if "seed" in config:
        config["seed"] = int(entropy.generate_state(1)[0] >> 1)
        initializer = type(initializer).from_config(config)
    return np.array(initializer(tuple(variable.shape), dtype="float32"))
