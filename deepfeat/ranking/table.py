"""The ranking: one row per feature, best first."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from deepfeat.ranking.aggregate import Across, mean_over_members, mean_over_methods, ranks
from deepfeat.ranking.intervals import bootstrap_interval
from deepfeat.ranking.normalise import Normalisation, normalise
from deepfeat.ranking.rank_interval import rank_interval
from deepfeat.ranking.top import default_top, top_sets
from deepfeat.ranking.weights import weighted

COLUMNS = ("feature", "importance", "ci_low", "ci_high", "rank", "rank_low", "rank_high", "top_share")
"""What every ranking begins with; then come the methods, and then columns named `<method>.<estimate>`."""


def build_ranking(
    features: Sequence[str],
    scores: Mapping[str, ArrayLike],
    *,
    normalisation: Normalisation = "sum",
    across: Across = "mean",
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
    top_k: int | None = None,
    weights: Mapping[str, float] | None = None,
    networks: Collection[str] | None = None,
) -> pd.DataFrame:
    """Average the methods' scores over members, then over methods, and rank the features.

    Args:
        features: the features' names, in the order of the scores' columns.
        scores: per method, (members, features) raw scores of the members that count, larger for features
            that matter more.
        normalisation: how each member's scores are scaled, see `normalise`.
        across: how the methods are averaged, see `mean_over_methods`.
        confidence: of the interval over members, see `bootstrap_interval`.
        resamples: of the bootstrap.
        seed: of the bootstrap.
        top_k: how many features count as the top; by default `default_top`.
        weights: how much each method counts in the mean over methods, see `weighted`; None counts all alike.
        networks: the methods with a row per network, which alone can say what single networks find; None for
            all, which then have equally many rows.

    Returns:
        A row per feature, sorted by rank, with an index from 0: `feature`; `importance`, the mean over
        methods; `ci_low` and `ci_high`, its interval over members (NaN with one member); `rank` from 1, ties
        broken by name; `rank_low` and `rank_high`, how high and how low the feature could rank, see
        `rank_interval` (NaN with one member); `top_share`, the share of networks that put it into their top k
        (NaN where no method has a row for each); then, per method in the order given, the mean of its
        normalised scores.

    Raises:
        ValueError: nothing to rank (no feature, method or member), scores of the wrong shape or not
            finite, repeated feature names, a method named like one of the first columns, or weights for
            another average than `mean`.
    """
    _check(features, scores)
    if weights is not None and across != "mean":
        raise ValueError(f"weights are for the mean of the methods, not for {across}")
    normalised = {
        name: normalise(_as_rows(name, raw, len(features)), normalisation) for name, raw in scores.items()
    }
    means = {name: mean_over_members(values) for name, values in normalised.items()}
    together = weighted(normalised, weights)
    importance = mean_over_methods(
        {name: mean_over_members(values)[None] for name, values in together.items()}, across
    )[0]
    interval = bootstrap_interval(together, across, confidence=confidence, resamples=resamples, seed=seed)
    positions = rank_interval(
        together, features, across, confidence=confidence, resamples=resamples, seed=seed
    )
    own = {name: rows for name, rows in together.items() if networks is None or name in networks}
    top = network_top_sets(own, top_k or default_top(len(features)), across)
    table = pd.DataFrame(
        {
            "feature": list(features),
            "importance": importance,
            "ci_low": interval.low,
            "ci_high": interval.high,
            "rank": ranks(importance, features),
            "rank_low": _whole(positions.low),
            "rank_high": _whole(positions.high),
            "top_share": top.mean(axis=0) if len(top) else np.nan,
            **means,
        }
    )
    return table.sort_values("rank", ignore_index=True)


def method_columns(ranking: pd.DataFrame) -> list[str]:
    """Names of the methods of a ranking, in the order of its columns."""
    return [str(name) for name in ranking.columns if name not in COLUMNS and "." not in str(name)]


def network_top_sets(
    normalised: Mapping[str, NDArray[np.float64]], k: int, across: Across = "mean"
) -> NDArray[np.bool_]:
    """What each network puts into its top k, see `top_sets`.

    Args:
        normalised: per method, (networks, features) normalised scores.
        k: size of the top, at least 1.
        across: how the methods are averaged, see `mean_over_methods`.

    Returns:
        (networks, features); no rows where there is no method.

    Raises:
        ValueError: the methods have different numbers of rows.
    """
    if not normalised:
        return np.zeros((0, 0), dtype=np.bool_)
    return top_sets(mean_over_methods(normalised, across), k)


def _whole(values: NDArray[np.float64]) -> NDArray[np.float64] | NDArray[np.int64]:
    """Whole numbers as such, where none is missing."""
    return values if np.isnan(values).any() else values.astype(np.int64)


def _check(features: Sequence[str], scores: Mapping[str, ArrayLike]) -> None:
    if not features:
        raise ValueError("there is no feature to rank")
    if len(set(features)) != len(features):
        raise ValueError("two features have the same name")
    if not scores:
        raise ValueError("no method has scores to rank by")
    reserved = sorted(set(scores) & set(COLUMNS))
    if reserved:
        raise ValueError(f"a method cannot be named {reserved[0]!r}: that is a column of every ranking")


def _as_rows(name: str, raw: ArrayLike, n_features: int) -> NDArray[np.float64]:
    """The scores of a method as an array, after a look at its shape."""
    values = np.asarray(raw, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != n_features:  # noqa: PLR2004
        raise ValueError(f"{name}: scores must be (members, {n_features}), not {values.shape}")
    if len(values) == 0:
        raise ValueError(f"{name}: no member is left to rank by")
    return values
