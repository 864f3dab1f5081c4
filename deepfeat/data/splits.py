"""Sharing out rows: stratified, grouped, folds, bootstrap and half-samples. Indices only, no table."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Split:
    """The rows of one member.

    Attributes:
        train: rows it learns from (a row may occur more than once in a bootstrap sample).
        valid: rows that decide when it stops.
        held_out: rows it never sees.
    """

    train: Rows
    valid: Rows
    held_out: Rows


def random_split(
    strata: Rows, fractions: tuple[float, float, float], generator: Generator, groups: Rows | None = None
) -> Split:
    """Shuffle and cut within every stratum; with groups, whole groups are dealt out instead.

    Args:
        strata: (rows,) codes kept in proportion.
        fractions: training, validation and held-out share.
        generator: where the shuffle comes from.
        groups: (rows,) codes; rows with the same code stay together (then strata are not balanced).
    """
    units = groups if groups is not None else np.arange(len(strata), dtype=np.int64)
    codes, first, unit = np.unique(units, return_index=True, return_inverse=True)
    unit_strata = np.zeros(len(codes), dtype=np.int64) if groups is not None else strata[first]
    part = np.empty(len(codes), dtype=np.int8)
    for stratum in np.unique(unit_strata):
        members = generator.permutation(np.flatnonzero(unit_strata == stratum))
        part[members] = np.repeat(np.arange(3, dtype=np.int8), _counts(len(members), fractions, generator))
    parts = part[unit]
    return Split(*(np.flatnonzero(parts == index).astype(np.int64) for index in range(3)))


def _counts(total: int, fractions: tuple[float, float, float], generator: Generator) -> list[int]:
    """Whole numbers that add up to `total`, in the given proportions.

    What rounding down leaves over goes to the largest remainders, ties by chance, but no wanted part stays
    empty while another has rows to spare.
    """
    shares = np.array(fractions) / sum(fractions) * total
    counts = np.floor(shares + 1e-9).astype(int)
    remainder = shares - counts + generator.random(3) * 1e-9
    for index in np.argsort(-remainder)[: total - counts.sum()]:
        counts[index] += 1
    for index in range(3):
        if fractions[index] > 0 and counts[index] == 0 and counts.max() > 1:
            counts[counts.argmax()] -= 1
            counts[index] = 1
    return [int(count) for count in counts]


def last_fraction(rows: int, fractions: tuple[float, float, float]) -> Split:
    """The first rows for training, the next for validation, the last held out, as in the file."""
    ends = np.floor(np.cumsum(np.array(fractions) / sum(fractions)) * rows + 1e-9).astype(int)
    every = np.arange(rows, dtype=np.int64)
    return Split(every[: ends[0]], every[ends[0] : ends[1]], every[ends[1] : ends[2]])


def folds(strata: Rows, n_folds: int, generator: Generator, groups: Rows | None = None) -> Rows:
    """(rows,) number of the fold that each row is held out in, balanced within strata.

    With groups, whole groups go to the fold that has the fewest rows so far.
    """
    fold = np.empty(len(strata), dtype=np.int64)
    if groups is not None:
        sizes = np.zeros(n_folds, dtype=np.int64)
        codes, counts = np.unique(groups, return_counts=True)
        shuffled = generator.permutation(len(codes))
        for index in shuffled[np.argsort(-counts[shuffled], kind="stable")]:
            target = int(sizes.argmin())
            fold[groups == codes[index]] = target
            sizes[target] += counts[index]
        return fold
    # One running deal over all strata keeps the folds equal in size as well as in classes.
    order = np.concatenate(
        [generator.permutation(np.flatnonzero(strata == code)) for code in np.unique(strata)]
    )
    fold[order] = np.arange(len(order)) % n_folds
    return fold


def bootstrap(rows: Rows, strata: Rows, generator: Generator) -> Rows:
    """As many rows drawn with replacement from `rows`, the same number of each stratum."""
    drawn = [
        generator.choice(rows[strata[rows] == code], size=int((strata[rows] == code).sum()))
        for code in np.unique(strata[rows])
    ]
    return np.sort(np.concatenate(drawn)).astype(np.int64)
