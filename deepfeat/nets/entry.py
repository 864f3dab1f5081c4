"""Where inputs enter a network, and the network behind that place."""

from dataclasses import dataclass
from typing import Any

import keras

from deepfeat.nets.gate import Gate
from deepfeat.nets.stacking import calls_of

# Gate activations that treat every column by itself.
COLUMNWISE = (keras.activations.linear, keras.activations.relu)


@dataclass(frozen=True, eq=False)
class Entry:
    """The layers that take the inputs, and the rest of the network.

    What the rest sees of the inputs is a sum over columns, one per layer that takes them. To replace a column
    means to change one term of each sum, however many columns there are.

    Attributes:
        gate: the gate in front; None for a network without one.
        layers: the dense layers that take the inputs, or the gated inputs.
        gated: for each of them whether it takes the gated inputs.
        tail: the model from the outputs of `layers` to those of the network; it shares the network's layers.
    """

    gate: Gate | None
    layers: tuple[keras.layers.Dense, ...]
    gated: tuple[bool, ...]
    tail: keras.Model


def entry_of(model: keras.Model) -> Entry | None:
    """Cut a functional model behind the dense layers that take its inputs.

    Args:
        model: one whose layers are used once each.

    Returns:
        The two parts, or None where anything else but one gate and dense layers takes the inputs.
    """
    fed: dict[Any, Any] = {}
    for call in calls_of(model):
        for parent in call.parent_nodes:
            if isinstance(parent.operation, keras.layers.InputLayer | Gate):
                fed[call.operation] = parent.operation
    gates = [layer for layer in fed if isinstance(layer, Gate)]
    dense = [layer for layer in fed if isinstance(layer, keras.layers.Dense)]
    if not dense or len(gates) > 1 or len(gates) + len(dense) < len(fed):
        return None
    if gates and gates[0].activation not in COLUMNWISE:
        return None
    outputs = [layer.output for layer in dense]
    if any(output is model.output for output in outputs):
        # The network is that one layer, and what is behind it is nothing.
        outputs = [keras.Input(model.output_shape[1:])]
        tail = keras.Model(outputs, keras.layers.Identity()(outputs[0]))
    else:
        tail = keras.Model(outputs, model.output)
    gated = tuple(isinstance(fed[layer], Gate) for layer in dense)
    return Entry(gates[0] if gates else None, tuple(dense), gated, tail)
