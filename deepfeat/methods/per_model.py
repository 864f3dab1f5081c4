"""The shortest plugin: one function of one Keras model."""

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deepfeat.data.dataset import Dataset
from deepfeat.errors import did_you_mean
from deepfeat.methods.annotations import Ensemble
from deepfeat.methods.context import Context
from deepfeat.methods.held_out import held_out_rows
from deepfeat.methods.importance import Importance, MethodError
from deepfeat.methods.method import Cost, Method, MethodParams

_OFFERED = ("model", "data", "params", "held_out", "rng", "context")


class PerModel(Method):
    """A method that asks one model after another; made by `per_model`.

    Attributes:
        function: the decorated function, for tests.
        takes: the names of the arguments it asks for.
    """

    function: ClassVar[Callable[..., ArrayLike]]
    takes: ClassVar[tuple[str, ...]]

    def explain(self, ensemble: Ensemble, data: Dataset, context: Context) -> Importance:
        """The function's scores for every member."""
        scores = np.empty((len(ensemble), data.n_features))
        for member, model in enumerate(ensemble.models()):
            offered = {
                "model": model,
                "data": data,
                "params": self.params,
                "held_out": held_out_rows(ensemble, member),
                "rng": context.member_rng(ensemble.plan.seeds[member]),
                "context": context,
            }
            answer = type(self).function(**{name: offered[name] for name in self.takes})
            scores[member] = _checked(answer, member, data)
            context.progress(member + 1, len(ensemble))
        return Importance(scores)


def per_model(
    name: str,
    *,
    params: type[MethodParams] = MethodParams,
    cost: Cost = Cost.PREDICTIONS,
    paper: str = "",
    sees: str = "",
    blind_to: str = "",
    trust: str = "",
    removes: str = "",
) -> Callable[[Callable[..., ArrayLike]], type[PerModel]]:
    """Turns a function of one model into a method.

    The function returns one score per feature, (features,), and names the arguments that it wants:

    - `model`: the member as a plain `keras.Model` that takes rows of `data.x` and returns (rows, outputs); do
      not keep it, it becomes the next member,
    - `data`: the `Dataset`,
    - `params`: the parameters, an instance of the class given as `params=`,
    - `held_out`: numbers of the rows that the member has not been trained on (its validation rows where none
      were held out),
    - `rng`: a numpy `Generator` of the member's own,
    - `context`: the `Context`.

    Args:
        name: the name of the method.
        params: the class of its parameters.
        cost: what its time is spent on.
        paper: the publication to cite.
        sees: what it measures, in one line.
        blind_to: what it cannot see, in one line.
        trust: when to trust it, in one line.
        removes: what stands in for a feature, in one line, see `Method`.

    Returns:
        A decorator that returns a Method class; the function stays reachable as its attribute `function`.

    Raises:
        TypeError: the function asks for an argument that is not offered.

    Example:
        >>> @per_model("first_input")
        ... def first_input(data):
        ...     "Always the first feature."
        ...     return [1.0] + [0.0] * (data.n_features - 1)
    """

    def decorate(function: Callable[..., ArrayLike]) -> type[PerModel]:
        namespace: dict[str, Any] = {
            "__doc__": function.__doc__,
            "__module__": function.__module__,
            "__qualname__": function.__qualname__,
            "name": name,
            "cost": cost,
            "paper": paper,
            "sees": sees,
            "blind_to": blind_to,
            "trust": trust,
            "removes": removes,
            "Params": params,
            "function": staticmethod(function),
            "takes": _wanted(function),
        }
        return type(function.__name__, (PerModel,), namespace)

    return decorate


def _wanted(function: Callable[..., ArrayLike]) -> tuple[str, ...]:
    """Names of the offered arguments that the function takes."""
    wanted = inspect.signature(function).parameters.values()
    for argument in wanted:
        if argument.name not in _OFFERED and argument.default is argument.empty:
            hint = did_you_mean(argument.name, _OFFERED)
            raise TypeError(f"{function.__qualname__}() asks for {argument.name!r}; {hint}")
    return tuple(argument.name for argument in wanted if argument.name in _OFFERED)


def _checked(answer: ArrayLike, member: int, data: Dataset) -> NDArray[np.float64]:
    """The answer for one member as numbers, or a MethodError that says how to mend it."""
    try:
        scores = np.asarray(answer, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise MethodError(f"network {member}: the function returned no numbers: {error}") from error
    expected = (data.n_features,)
    if scores.shape == expected:
        return scores
    advice = "one score per feature"
    if scores.shape == (data.n_columns,):
        advice += "; add the encoded columns of a feature up with deepfeat.methods.sum_columns"
    raise MethodError(
        f"network {member}: the function returned shape {scores.shape}, expected {expected}: {advice}"
    )
