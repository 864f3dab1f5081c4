"""Calling a network with weights that are given, for a whole stack or for one member at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import keras

from deepfeat.nets.stacking import stacked_clone
from deepfeat.nets.template import Template

Tensor = Any
Called = tuple[Tensor, list[Tensor], list[Tensor]]


class Forward(Protocol):
    """A network as a function of its weights.

    Attributes:
        variables: the Keras variables whose values are passed in, in the order of `Template.variables`.
        trained: indices of those that are trained.
        shapes: the shape of each value without the member axis.
    """

    variables: list[Any]
    trained: list[int]
    shapes: list[tuple[int, ...]]

    def __call__(self, values: list[Tensor], x: Tensor, rows: Tensor | None) -> Called:
        """Call the network.

        Args:
            values: `(members, *shape)` per variable.
            x: `(members, rows, columns)`, scaled.
            rows: `(members, rows)` random bank rows while training, None otherwise.

        Returns:
            Logits `(members, rows, outputs)`, the new values of the variables that are not trained, and what
            layers and weights add to the loss (nothing in a stack, whose penalties are elementwise).
        """

    def layer(self, name: str, values: list[Tensor], x: Tensor) -> Tensor:
        """What one layer answers, `(members, rows, *shape)`, without noise.

        Args:
            name: of the layer.
            values: `(members, *shape)` per variable of the network.
            x: `(members, rows, columns)`, scaled.
        """


class StackedForward:
    """All members in one call; see `deepfeat.nets.stacking`.

    Attributes:
        model: the network on `(members, rows, columns)`; its own weights are placeholders, see `given`.
    """

    def __init__(self, template: Template) -> None:
        self.model, self._noise = stacked_clone(template.model, template.shape.keys)
        self.variables = list(self.model.weights)
        self.trained = list(range(len(self.variables)))
        self.shapes = [(1,) * (len(v.shape) == 1) + tuple(v.shape) for v in self.variables]

    def __call__(self, values: list[Tensor], x: Tensor, rows: Tensor | None) -> Called:
        """See `Forward`."""
        self._noise.rows = rows
        with self.given(values):
            logits = self.model(x, training=rows is not None)
        self._noise.rows = None
        return logits, [], []

    def layer(self, name: str, values: list[Tensor], x: Tensor) -> Tensor:
        """See `Forward`."""
        part = keras.Model(self.model.input, self.model.get_layer(name).output)
        with self.given(values):
            return part(x, training=False)

    @contextmanager
    def given(self, values: list[Tensor]) -> Iterator[None]:
        """Layers of `model` that are called in here have these weights."""
        with keras.StatelessScope(initialize_variables=False) as scope:
            for variable, value in zip(self.variables, values, strict=True):
                scope.add_update((variable, value))
            yield


class SingleForward:
    """One member in one call, for networks with layers that have no stacked form."""

    def __init__(self, template: Template) -> None:
        self._model = template.model
        self.variables = template.variables
        self._order = [self._place(v) for v in self._model.trainable_variables]
        self._state = [self._place(v) for v in self._model.non_trainable_variables]
        self.trained = sorted(self._order)
        self.shapes = [tuple(variable.shape) for variable in self.variables]

    def __call__(self, values: list[Tensor], x: Tensor, rows: Tensor | None) -> Called:
        """See `Forward`; the member axis has length one."""
        trained = [values[place][0] for place in self._order]
        state = [values[place][0] for place in self._state]
        logits, state, losses = self._model.stateless_call(
            trained, state, x[0], training=rows is not None, return_losses=True
        )
        after = dict(zip(self._state, state, strict=True))
        return logits[None], [after[place][None] for place in sorted(after)], losses

    def layer(self, name: str, values: list[Tensor], x: Tensor) -> Tensor:
        """See `Forward`; the member axis has length one."""
        part = keras.Model(self._model.input, self._model.get_layer(name).output)
        trained, state = (
            [values[self._place(variable)][0] for variable in variables]
            for variables in (part.trainable_variables, part.non_trainable_variables)
        )
        return part.stateless_call(trained, state, x[0], training=False)[0][None]

    def _place(self, variable: Any) -> int:  # noqa: ANN401 - a Keras variable
        return next(place for place, known in enumerate(self.variables) if known is variable)


def forward_of(template: Template) -> StackedForward | SingleForward:
    """The fastest way to call this network."""
    return StackedForward(template) if template.stackable else SingleForward(template)
