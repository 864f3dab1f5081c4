"""Averages over members and over methods, and the order that follows from them."""

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from deepfeat.ranking.normalise import share_beaten
from deepfeat.ranking.robust import robust_rank

Across = Literal["mean", "mean_rank", "robust_rank"]
ACROSS: tuple[Across, ...] = get_args(Across)


def mean_over_members(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the first axis, added up in member order in float64.

    numpy chooses the order of its own sums by the memory layout of the array; here the same members give
    the same bytes whatever the layout.

    Args:
        values: (members, features), at least one member.

    Returns:
        (features,) float64.

    Raises:
        ValueError: there is no member.
    """
    if len(values) == 0:
        raise ValueError("no member to average over")
    total = np.zeros(values.shape[1:], dtype=np.float64)
    for row in values:
        total += row
    return np.asarray(total / len(values), dtype=np.float64)


def mean_over_methods(
    importances: Mapping[str, NDArray[np.float64]], how: Across = "mean"
) -> NDArray[np.float64]:
    """One importance from several methods.

    - `mean`: the mean of the methods' importances.
    - `mean_rank`: the mean of the methods' ranks, written as the share of the other features that the
      feature beats (1: first in every method, 0: last in every method; ties count half), so that larger is
      better here too. With p features it is `1 - (mean rank - 1) / (p - 1)`.
    - `robust_rank`: how far more methods agree on ranking the feature high than chance would, see
      `robust_rank`.

    The methods are added up in the order of their names, so that listing them in another order changes no
    byte.

    Args:
        importances: per method, (rows, features) values on a common scale; a row is one ensemble, or one
            resample of it.
        how: one of the above.

    Returns:
        (rows, features) float64.

    Raises:
        ValueError: there is no method, or `how` is unknown.
    """
    if not importances:
        raise ValueError("no method to average over")
    if how not in ACROSS:
        raise ValueError(f"unknown aggregate {how!r}")
    rows = [importances[name] for name in sorted(importances)]
    if how == "robust_rank":
        return robust_rank(rows)
    return mean_over_members(np.stack([share_beaten(row) for row in rows] if how == "mean_rank" else rows))


def ranks(importance: NDArray[np.float64], names: Sequence[str]) -> NDArray[np.int64]:
    """Ranks from 1 (largest importance); equal importances are ranked by name.

    Args:
        importance: (features,).
        names: the features' names.

    Returns:
        (features,) a permutation of 1..features.
    """
    order = sorted(range(len(names)), key=lambda index: (-importance[index], names[index]))
    positions = np.empty(len(names), dtype=np.int64)
    positions[order] = np.arange(1, len(names) + 1)
    return positions
