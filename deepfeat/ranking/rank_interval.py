"""How high and how low a feature could rank, had other members been trained."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from deepfeat.ranking.aggregate import Across, mean_over_members, mean_over_methods, ranks
from deepfeat.ranking.intervals import Interval, draw_counts, resampled_means

# ranks that are kept: fewer resamples of a very wide table
_MOST_RANKS = 1 << 25
_BLOCK_BYTES = 16 * 2**20


def rank_interval(
    methods: Mapping[str, NDArray[np.float64]],
    names: Sequence[str],
    across: Across = "mean",
    *,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """Percentile interval of each feature's rank, from the resamples that `bootstrap_interval` draws.

    As that interval it describes the spread over trainings. Ties are ranked by name, as in the ranking. Of
    tables so wide that more than 2^25 ranks would have to be kept, fewer resamples are used.

    Args:
        methods: per method, (members, features) normalised scores.
        names: the features' names.
        across: how the methods are averaged, see `mean_over_methods`.
        confidence: probability that the interval is meant to cover.
        resamples: number of resamples at most.
        seed: makes the resamples repeatable.

    Returns:
        Best rank (`low`) and worst rank (`high`) per feature, whole numbers that include the feature's own
        rank; all NaN where no method has more than one member.
    """
    n_features = len(names)
    estimate = mean_over_methods({name: mean_over_members(v)[None] for name, v in methods.items()}, across)[0]
    if all(len(values) == 1 for values in methods.values()):
        nothing = np.full(n_features, np.nan)
        return Interval(nothing, nothing.copy())
    resamples = min(resamples, max(200, _MOST_RANKS // n_features))
    counts = {size: draw_counts(size, resamples, seed) for size in {len(v) for v in methods.values()}}
    by_name = np.array(sorted(range(n_features), key=lambda index: names[index]))
    drawn = np.empty((resamples, n_features), dtype=np.int32)
    height = max(1, _BLOCK_BYTES // (8 * n_features))
    for start in range(0, resamples, height):
        block = slice(start, start + height)
        means = {n: resampled_means(v, counts[len(v)][block]) for n, v in methods.items()}
        _rank_rows(mean_over_methods(means, across)[:, by_name], drawn[block])
    low, high = np.empty(n_features), np.empty(n_features)
    tail = (1.0 - confidence) / 2.0
    # ranks are whole numbers, and so are the ends: the outermost rank within the central share
    first, last = int(np.floor(tail * (resamples - 1))), int(np.ceil((1 - tail) * (resamples - 1)))
    width = max(1, _BLOCK_BYTES // (4 * resamples))
    for start in range(0, n_features, width):
        columns = slice(start, start + width)
        kept = np.partition(np.ascontiguousarray(drawn[:, columns].T), (first, last), axis=1)
        low[by_name[columns]], high[by_name[columns]] = kept[:, first], kept[:, last]
    own = ranks(estimate, names)
    return Interval(np.minimum(low, own), np.maximum(high, own))


def _rank_rows(values: NDArray[np.float64], out: NDArray[np.int32]) -> None:
    """Ranks from 1 of each row; columns stand in the order in which ties are broken."""
    order = np.argsort(-values, axis=1, kind="stable")
    positions = np.arange(1, values.shape[1] + 1, dtype=np.int32)
    np.put_along_axis(out, order, np.broadcast_to(positions, order.shape), axis=1)
