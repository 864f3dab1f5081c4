"""What the networks and other models predict together, in the proportions in which they carry a ranking."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from deepfeat.ensemble import Ensemble
from deepfeat.methods.unseen import unseen_answers
from deepfeat.ranking.skill import NETWORKS

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

# networks whose answers are averaged: more of them hardly change the mean
_MOST_NETWORKS = 100


def networks_together(ensemble: Ensemble, averaged: Sequence[int], rows: Rows) -> Array:
    """The mean answer of the networks that have not learned from a row, see `unseen_answers`.

    Args:
        ensemble: all members, those that failed included.
        averaged: the members that count.
        rows: numbers of rows of the table.

    Returns:
        (rows, outputs); NaN for a row that all of them have learned from.
    """
    return unseen_answers(ensemble.select(list(averaged[:_MOST_NETWORKS])), rows)


def joint_prediction(
    networks: Array | None, others: Mapping[str, Array], shares: Mapping[str, float]
) -> Array:
    """The weighted mean of what each model answers for rows that it has not learned from.

    Args:
        networks: (rows, outputs) see `networks_together`; None where they do not count.
        others: per model, (rows, outputs) its answers; NaN for a row that it has learned from.
        shares: how much each of them, and `networks`, counts.

    Returns:
        (rows, outputs); NaN for a row for which a model that counts has no answer.
    """
    models = others if networks is None else {**others, NETWORKS: networks}
    total, weight = np.zeros_like(next(iter(models.values()))), 0.0
    for name, answers in models.items():
        if shares[name] > 0:
            total += shares[name] * answers
            weight += shares[name]
    return total / weight
