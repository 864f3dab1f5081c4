"""How far the importance would move had other members been trained: a bootstrap over members.

The interval describes the spread over trainings (initial weights, splits, shuffling), not over new data from
the population; it is no test, and carries no p-value.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deepfeat.ranking.aggregate import Across, mean_over_members, mean_over_methods

Counts = NDArray[np.unsignedinteger[Any]]
"""How often each resample (row) draws each member (column)."""

# the work is done in blocks, so that each of its arrays takes at most this much memory
_BLOCK_BYTES = 16 * 2**20


class Interval(NamedTuple):
    """Lower and upper bounds, (features,) each; NaN where there is no interval."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]


def bootstrap_interval(
    methods: Mapping[str, NDArray[np.float64]],
    across: Across = "mean",
    *,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """Percentile interval of the importance, from members drawn with replacement (Efron 1979).

    Methods with the same number of members are asked about the same members, so a resample draws the same
    members for each of them. A method with one row is the same in every resample.

    Where rounding, or very few very skewed members, would leave the importance itself outside of its
    interval, the interval is widened to include it.

    Args:
        methods: per method, (members, features) normalised scores.
        across: how the methods are averaged, see `mean_over_methods`.
        confidence: probability that the interval is meant to cover, between 0 and 1.
        resamples: number of resamples.
        seed: makes the resamples repeatable.

    Returns:
        Bounds per feature; all NaN where no method has more than one member, for one training tells nothing
        about the next.

    Raises:
        ValueError: there is no method, or `confidence` or `resamples` are out of range.
    """
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}")
    if resamples < 1:
        raise ValueError(f"at least one resample is needed, not {resamples}")
    estimate = mean_over_methods({name: mean_over_members(v)[None] for name, v in methods.items()}, across)[0]
    if all(len(values) == 1 for values in methods.values()):
        nothing = np.full_like(estimate, np.nan)
        return Interval(nothing, nothing.copy())
    counts = {size: draw_counts(size, resamples, seed) for size in {len(v) for v in methods.values()}}
    if across == "mean":
        low, high = _by_features(methods, counts, confidence)
    else:
        low, high = _by_resamples(methods, counts, across, confidence)
    return Interval(np.minimum(low, estimate), np.maximum(high, estimate))


def draw_counts(members: int, resamples: int, seed: int, size: int | None = None) -> Counts:
    """How often each resample draws each member.

    Args:
        members: members to draw from.
        resamples: number of resamples.
        seed: makes the draws repeatable; another number of members gets its own draws.
        size: how many are drawn; by default as many as there are.

    Returns:
        (resamples, members) counts in the smallest type that holds them; each row adds up to `size`.
    """
    generator = np.random.default_rng([seed, members] if size is None else [seed, members, size])
    drawn = members if size is None else size
    counts = np.empty((resamples, members), dtype=np.min_scalar_type(drawn))
    for row in counts:
        row[:] = np.bincount(generator.integers(members, size=drawn), minlength=members)
    return counts


def resampled_means(values: NDArray[np.float64], counts: Counts) -> NDArray[np.float64]:
    """Mean of the members that each resample drew, to the same bytes on every machine.

    A product of float matrices depends, in its last bits, on the order in which a library adds up, and that
    changes with its threads and kernels. So the values of a feature are first written as whole multiples of
    one power of two, small enough for every sum to be exact: exact sums have no order. A value moves by
    `2^-50` times the number drawn of the feature's largest at most.

    Args:
        values: (members, features) finite values.
        counts: (resamples, members), from `draw_counts`.

    Returns:
        (resamples, features) float64.
    """
    members = len(values)
    if members == 1:
        return np.repeat(values, len(counts), axis=0)
    drawn = int(counts[0].sum())
    exponents = np.frexp(np.abs(values).max(axis=0))[1]
    # |value| < 2^exponent, and `drawn` of them are added: below 2^52 every whole number is exact
    shift = 52 - (drawn - 1).bit_length() - exponents
    whole = np.rint(np.ldexp(values, shift))
    sums = np.empty((len(counts), values.shape[1]))
    height = max(1, _BLOCK_BYTES // (8 * members))
    for start in range(0, len(counts), height):
        block = slice(start, start + height)
        np.matmul(counts[block].astype(np.float64), whole, out=sums[block])
    return np.asarray(np.ldexp(sums, -shift) / drawn, dtype=np.float64)


def _by_features(
    methods: Mapping[str, NDArray[np.float64]], counts: Mapping[int, Counts], confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bounds of a mean of means: each feature by itself, so a block of features at a time."""
    resamples = len(next(iter(counts.values())))
    n_features = next(iter(methods.values())).shape[1]
    low, high = np.empty(n_features), np.empty(n_features)
    width = max(1, _BLOCK_BYTES // (8 * resamples))
    for start in range(0, n_features, width):
        block = slice(start, start + width)
        means = {n: resampled_means(v[:, block], counts[len(v)]) for n, v in methods.items()}
        low[block], high[block] = _percentiles(mean_over_methods(means, "mean"), confidence)
    return low, high


def _by_resamples(
    methods: Mapping[str, NDArray[np.float64]],
    counts: Mapping[int, Counts],
    across: Across,
    confidence: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bounds of a mean rank: a rank needs all features, so a block of resamples at a time.

    What has to be kept is one float32 per resample and feature (160 MB for 2,000 by 20,000).
    """
    resamples = len(next(iter(counts.values())))
    n_features = next(iter(methods.values())).shape[1]
    kept = np.empty((resamples, n_features), dtype=np.float32)
    height = max(1, _BLOCK_BYTES // (8 * max(1, n_features)))
    for start in range(0, resamples, height):
        block = slice(start, start + height)
        means = {n: resampled_means(v, counts[len(v)][block]) for n, v in methods.items()}
        kept[block] = mean_over_methods(means, across)
    low, high = np.empty(n_features), np.empty(n_features)
    width = max(1, _BLOCK_BYTES // (8 * resamples))
    for start in range(0, n_features, width):
        columns = slice(start, start + width)
        low[columns], high[columns] = _percentiles(kept[:, columns].astype(np.float64), confidence)
    return low, high


def _percentiles(
    values: NDArray[np.float64], confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both ends of the central interval of each column."""
    tail = (1.0 - confidence) / 2.0
    # a resample per column of memory makes the selection twice as fast as one per row
    low, high = np.quantile(np.ascontiguousarray(values.T), [tail, 1.0 - tail], axis=1, overwrite_input=True)
    return low, high
