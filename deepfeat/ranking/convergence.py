"""Have enough networks been trained? How much two ensembles of any size would agree with each other."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deepfeat.ranking.aggregate import Across, mean_over_members, mean_over_methods
from deepfeat.ranking.intervals import draw_counts, resampled_means
from deepfeat.ranking.top import top_sets

ENOUGH = 0.95
"""Least agreement that counts as enough, reached by 19 of 20 pairs of ensembles."""

_RESAMPLES = 200
_STEPS = (1, 1.5, 2, 3, 5, 7)
_BEYOND = 4  # how many times the members that there are the curve goes on


@dataclass(frozen=True)
class Convergence:
    """The curve, and what follows from it.

    Attributes:
        curve: a row per number of networks, see `convergence`.
        enough: whether the number of networks that were trained is enough; None where one cannot tell.
        recommended: the smallest number on the curve that is enough; None where none is.
    """

    curve: pd.DataFrame
    enough: bool | None
    recommended: int | None


def convergence(
    normalised: Mapping[str, NDArray[np.float64]],
    k: int,
    across: Across = "mean",
    *,
    confidence: float = 0.95,
    seed: int = 0,
) -> Convergence:
    """Agreement of two ensembles of the same size, for this size and others, and the size that is enough.

    The members that there are stand for all that could be trained: ensembles of m are drawn from them with
    replacement (the m out of n bootstrap), so m may exceed their number. Two of them are compared, drawn
    independently of each other: to compare one with the mean of all members would tell how far it is from the
    truth, and not how far another is, which misses the truth in a way of its own. The agreement is the
    correlation of both ensembles' importances over the features: it weighs features by how far they stand
    out, so that thousands of irrelevant features in no particular order do not count as disagreement about
    the rest.

    A number is enough when at least 95 of 100 pairs of ensembles of that size agree by 0.95 or more. A larger
    ensemble agrees with one of that size at least as well.

    Args:
        normalised: per method, (members, features) normalised scores; none where no method asks single
            networks.
        k: size of the top.
        across: how the methods are averaged, see `mean_over_methods`.
        confidence: of the intervals whose width is shown.
        seed: makes the draws repeatable.

    Returns:
        A curve with the columns `models`; `agreement`, its mean; `agreement_low`, what 95 % of the pairs
        reach; `top_overlap`, the mean share of an ensemble's top k that the other one finds; and
        `interval_width`, the mean width of the interval of the importance over the top k. With fewer than
        three members, or importances without differences, it has no rows.

    Raises:
        ValueError: the methods have different numbers of rows.
    """
    columns = ["models", "agreement", "agreement_low", "top_overlap", "interval_width"]
    nothing = Convergence(pd.DataFrame(columns=columns, dtype=np.float64), None, None)
    if not normalised:
        return nothing
    # A mean over members and methods may be taken in either order; one array is sooner resampled than many.
    rows = {"": mean_over_methods(normalised)} if across == "mean" else normalised
    members = len(next(iter(rows.values())))
    full = mean_over_methods({name: mean_over_members(own)[None] for name, own in rows.items()}, across)[0]
    top = top_sets(full[None], k)[0]
    if members < 3 or len(full) < 2 or np.ptp(full) == 0:  # noqa: PLR2004 - nothing to draw or to compare
        return nothing
    points = []
    for size in _sizes(members):
        counts = draw_counts(members, _RESAMPLES, seed, size)
        drawn = mean_over_methods({name: resampled_means(own, counts) for name, own in rows.items()}, across)
        # Each with the next one, which was drawn independently of it.
        agreement = _correlations(drawn, np.roll(drawn, 1, axis=0))
        tops = top_sets(drawn, k)
        overlap = (tops & np.roll(tops, 1, axis=0)).sum(axis=1) / np.maximum(1, tops.sum(axis=1))
        tail = (1 - confidence) / 2
        low, high = np.quantile(drawn[:, top] if top.any() else drawn, [tail, 1 - tail], axis=0)
        points.append(
            (
                size,
                float(agreement.mean()),
                float(np.quantile(agreement, 0.05)),
                float(overlap.mean()),
                float((high - low).mean()),
            )
        )
    curve = pd.DataFrame(points, columns=columns)
    enough = curve["agreement_low"] >= ENOUGH
    recommended = int(curve["models"][enough].min()) if enough.any() else None
    return Convergence(curve, bool(enough[curve["models"] == members].all()), recommended)


def _sizes(members: int) -> list[int]:
    """Round numbers, and the number that there is."""
    steps = {round(step * 10**power) for power in range(7) for step in _STEPS}
    return sorted({size for size in steps if size <= _BEYOND * members} | {members})


def _correlations(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlation of each row with the same row of another array; 0 for a row without differences."""
    left, right = (rows - rows.mean(axis=1, keepdims=True) for rows in (one, other))
    lengths = np.sqrt((left**2).sum(axis=1) * (right**2).sum(axis=1))
    found: NDArray[np.float64] = np.zeros(len(one))
    np.divide((left * right).sum(axis=1), lengths, out=found, where=lengths > 0)
    return found
