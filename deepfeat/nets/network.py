"""What a named network is: parameters, training defaults, and a function that builds plain Keras layers.

Imports no Keras, so that an experiment can be validated without starting TensorFlow.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict


@dataclass(frozen=True)
class NetworkShape:
    """What a network must fit.

    Attributes:
        column_feature: for each input column the index of its feature.
        outputs: number of outputs.
        task: `binary`, `multiclass`, `multilabel` or `regression`.
        image: `(height, width, channels)` where the columns are the pixels of an image.
        keys: a number per column that says which column it is, whatever others there are: its input noise
            depends on it. Empty where a column is its position.
        pixels: for each column of an image its number where the image is laid out row by row, channels last.
    """

    column_feature: tuple[int, ...]
    outputs: int
    task: str
    image: tuple[int, int, int] | None = None
    keys: tuple[int, ...] = ()
    pixels: tuple[int, ...] = ()

    @property
    def columns(self) -> int:
        """Width of the input."""
        return len(self.column_feature)


class NetworkParams(BaseModel):
    """Base of a network's parameters: the keys beside `preset` in the experiment."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Network(ABC):
    """A named network. Subclass it in a plugin to add one.

    Written with stackable layers (see `deepfeat.nets.stacking`) its members train together; with any other
    Keras layer they train one after another, by the same loop and rules.

    Attributes:
        name: what the experiment calls it.
        Params: its parameters.
        training: what it sets for training where the experiment does not say otherwise.
        takes_images: whether it takes images and nothing else.
        side_by_side: whether members that train one after another may do so at the same time, one on each
            core. All that is random in them must come from Keras layers then, which have a seed of their own.
    """

    name: ClassVar[str]
    Params: ClassVar[type[NetworkParams]] = NetworkParams
    training: ClassVar[Mapping[str, Any]] = {}
    takes_images: ClassVar[bool] = False
    side_by_side: ClassVar[bool] = False

    def __init__(self, params: NetworkParams | None = None) -> None:
        self.params = params if params is not None else self.Params()

    @abstractmethod
    def build(self, inputs: Any, shape: NetworkShape) -> Any:  # noqa: ANN401 - Keras tensors
        """Connect plain Keras layers from the scaled inputs to the logits.

        Args:
            inputs: a Keras tensor `(rows, columns)`.
            shape: what to fit.

        Returns:
            A Keras tensor `(rows, outputs)`, before any final activation.
        """

    def head(self, task: str) -> str:
        """What turns logits into answers: `sigmoid`, `softmax` or `linear`."""
        return usual_head(task)

    def gate_penalties(self, members: range) -> list[float]:
        """The L1 penalty on the gates of each of these members (they may differ along a path)."""
        return [0.0 for _ in members]

    def proximal(self, model: Any, shape: NetworkShape) -> Any:  # noqa: ANN401 - a Keras model
        """The penalty that sets weights of this network to exactly zero, if it has one.

        Its strength for each member is the `penalty` of the plan.

        Args:
            model: what `build` made.
            shape: what it was built for.

        Returns:
            A `deepfeat.nets.proximal.Proximal`, or None.
        """
        del model, shape

    def describe(self) -> dict[str, Any]:
        """Name and parameters: what the digest of a trained member depends on."""
        return {"preset": self.name, **self.params.model_dump(mode="json")}


def usual_head(task: str) -> str:
    """What turns logits into answers where a network does not say otherwise."""
    return {"multiclass": "softmax", "regression": "linear"}.get(task, "sigmoid")
