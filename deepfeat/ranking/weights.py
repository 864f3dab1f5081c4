"""Methods that count differently in the average over methods."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray


def weighted(
    scores: Mapping[str, NDArray[np.float64]], weights: Mapping[str, float] | None
) -> dict[str, NDArray[np.float64]]:
    """Scores scaled so that their plain mean over methods is their weighted mean.

    Args:
        scores: per method, of any shape, on a common scale.
        weights: per method, finite and 0 or more; a method without one has weight 0. None, and weights that
            are all 0, leave every method the same weight.

    Returns:
        Per method its scores times `methods * weight / sum of weights`.

    Raises:
        ValueError: a weight is negative or not finite.
    """
    given = {name: 1.0 if weights is None else float(weights.get(name, 0.0)) for name in scores}
    if not all(0 <= weight < np.inf for weight in given.values()):
        raise ValueError("weights must be finite and 0 or more")
    total = sum(given.values())
    if weights is None or total == 0:
        return dict(scores)
    return {name: values * (len(scores) * given[name] / total) for name, values in scores.items()}


def counting(methods: Iterable[str], weights: Mapping[str, float] | None) -> tuple[str, ...]:
    """The methods that have a weight; all of them where all count alike, see `weighted`."""
    if weights is None or not any(weights.values()):
        return tuple(methods)
    return tuple(name for name in methods if weights.get(name, 0.0) > 0)
