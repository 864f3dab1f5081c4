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


def joint_prediction(
    ensemble: Ensemble,
    averaged: Sequence[int],
    rows: Rows,
    others: Mapping[str, Array],
    shares: Mapping[str, float],
) -> Array:
    """The weighted mean of what each model answers for rows that it has not learned from.

    Args:
        ensemble: all members, those that failed included.
        averaged: the members that count.
        rows: numbers of rows of the table.
        others: per model, (rows of the table, outputs) its answers; NaN for a row that it has learned from.
        shares: how much each of them, and `networks`, counts.

    Returns:
        (rows, outputs); NaN for a row for which a model that counts has no answer.
    """
    total, weight = np.zeros((len(rows), ensemble.data.n_outputs)), 0.0
    for name, predicted in others.items():
        if shares[name] > 0:
            total += shares[name] * predicted[rows]
            weight += shares[name]
    if shares[NETWORKS] > 0:
        total += shares[NETWORKS] * unseen_answers(ensemble.select(list(averaged[:_MOST_NETWORKS])), rows)
        weight += shares[NETWORKS]
    return total / weight
