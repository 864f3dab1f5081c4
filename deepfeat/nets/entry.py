"""Where inputs enter a network, and the network behind that place."""

from dataclasses import dataclass
from typing import Any

import keras

from deepfeat.nets.gate import Gate
from deepfeat.nets.stacking import BankedDropout, BankedNoise, calls_of

# Gate activations that treat every column by itself.
COLUMNWISE = (keras.activations.linear, keras.activations.relu)
# Layers that do nothing but while training.
SILENT = (keras.layers.GaussianNoise, keras.layers.Dropout, keras.layers.Identity, BankedNoise, BankedDropout)


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

    The parts are for asking, not for training: noise and dropout on the way to these layers are left out.

    Args:
        model: one whose layers are used once each.

    Returns:
        The two parts, or None where anything else but one gate and dense layers takes the inputs.
    """
    gates: list[Gate] = []
    dense: list[keras.layers.Dense] = []
    gated: list[bool] = []
    # What still carries one input per column: whether it has passed the gate.
    carries: dict[Any, bool] = {}
    for call in calls_of(model):
        layer, parents = call.operation, [parent.operation for parent in call.parent_nodes]
        carried = [carries[parent] for parent in parents if parent in carries]
        if isinstance(layer, keras.layers.InputLayer):
            carries[layer] = False
        elif not carried:
            continue
        elif isinstance(layer, SILENT):
            carries[layer] = carried[0]
        elif isinstance(layer, Gate) and not gates and layer.activation in COLUMNWISE:
            gates.append(layer)
            carries[layer] = True
        elif isinstance(layer, keras.layers.Dense):
            dense.append(layer)
            gated.append(carried[0])
        else:
            return None
    if not dense:
        return None
    outputs = [layer.output for layer in dense]
    if any(output is model.output for output in outputs):
        # The network is that one layer, and what is behind it is nothing.
        outputs = [keras.Input(model.output_shape[1:])]
        tail = keras.Model(outputs, keras.layers.Identity()(outputs[0]))
    else:
        tail = keras.Model(outputs, model.output)
    return Entry(gates[0] if gates else None, tuple(dense), tuple(gated), tail)
