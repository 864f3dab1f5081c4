"""How far methods agree with one another, and on which features they do not."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deepfeat.ranking.aggregate import ranks
from deepfeat.ranking.normalise import share_beaten

_MOST_NOTES = 50


class Outlook(NamedTuple):
    """What a method says of itself: what it sees, what it cannot see.

    `asks_networks` is False where it does not ask the networks of the run, but models of its own.
    """

    sees: str = ""
    blind_to: str = ""
    asks_networks: bool = True


def agreement_matrix(means: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Rank correlation (Spearman) of each pair of methods.

    Args:
        means: per method, (features,) importances; ties share their mean rank.

    Returns:
        (methods, methods) from -1 to 1, in the order given; NaN beside a method that tells no features apart,
        and where there are fewer than two features.
    """
    relative = share_beaten(np.stack(list(means.values())))
    centred = relative - relative.mean(axis=1, keepdims=True)
    lengths = np.sqrt((centred**2).sum(axis=1))
    products = np.outer(lengths, lengths)
    matrix: NDArray[np.float64] = np.full(products.shape, np.nan)
    np.divide(np.einsum("if,jf->ij", centred, centred), products, out=matrix, where=products > 0)
    np.clip(matrix, -1.0, 1.0, out=matrix)
    np.fill_diagonal(matrix, np.where(lengths > 0, 1.0, np.nan))
    return matrix


def kendall_w(means: Mapping[str, NDArray[np.float64]]) -> float:
    """Kendall's coefficient of concordance of the methods, corrected for ties.

    M. G. Kendall, B. Babington Smith: The problem of m rankings, Annals of Mathematical Statistics 10 (1939)
    275-287.

    Args:
        means: per method, (features,) importances.

    Returns:
        From 0 (no agreement) to 1 (the same order everywhere); NaN for fewer than two methods or features, or
        where no method tells features apart.
    """
    rows = np.stack(list(means.values()))
    methods, n_features = rows.shape
    if methods < 2 or n_features < 2:  # noqa: PLR2004 - nothing to compare
        return float("nan")
    positions = share_beaten(rows) * (n_features - 1)
    totals = positions.sum(axis=0)
    spread = ((totals - totals.mean()) ** 2).sum()
    ties = 0.0
    for row in rows:
        sizes = np.unique(row, return_counts=True)[1].astype(np.float64)
        ties += float((sizes**3 - sizes).sum())
    most = methods**2 * (n_features**3 - n_features) - methods * ties
    return float(12 * spread / most) if most > 0 else float("nan")


def disagreements(
    features: Sequence[str],
    means: Mapping[str, NDArray[np.float64]],
    k: int,
    about: Mapping[str, Outlook] | None = None,
) -> pd.DataFrame:
    """Features that one method puts into its top k and another into its lower half, below an equal share.

    Args:
        features: their names.
        means: per method, (features,) normalised importances.
        k: size of the top.
        about: what the methods say of themselves, for the notes.

    Returns:
        At most 50 rows, those that differ most first: `feature`, `high` and `low` (methods), `high_rank` and
        `low_rank`, and `note`, a sentence that says so and what the two methods see.
    """
    names = list(means)
    order = np.stack([ranks(means[name], features) for name in names])
    n_features = len(features)
    below = np.stack([means[name] <= means[name].mean() for name in names]) & (order > n_features / 2)
    best = order.argmin(axis=0)
    worst = np.where(below, order, 0).argmax(axis=0)
    every = np.arange(n_features)
    high, low = order[best, every], np.where(below, order, 0)[worst, every]
    found = np.flatnonzero((high <= k) & (low > high))
    found = found[np.lexsort((high[found], high[found] - low[found]))][:_MOST_NOTES]
    rows = [
        (features[f], names[best[f]], names[worst[f]], int(high[f]), int(low[f]), "") for f in found.tolist()
    ]
    table = pd.DataFrame(rows, columns=["feature", "high", "low", "high_rank", "low_rank", "note"])
    table["note"] = [_note(row, n_features, about or {}) for row in rows]
    return table


def _note(row: tuple[str, str, str, int, int, str], n_features: int, about: Mapping[str, Outlook]) -> str:
    feature, high, low, high_rank, low_rank, _ = row
    text = f"{feature} is number {high_rank} of {n_features} for {high} and number {low_rank} for {low}"
    reasons = []
    if sees := about.get(high, Outlook()).sees:
        reasons.append(f"{high} sees {sees}")
    if blind := about.get(low, Outlook()).blind_to:
        reasons.append(f"{low} is blind to {blind}")
    return f"{text}: {'; '.join(reasons)}." if reasons else f"{text}."
