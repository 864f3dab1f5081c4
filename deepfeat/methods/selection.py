"""Selecting features with rows to choose by and rows to judge by, and where to stop."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset
from deepfeat.data.splits import Rows, Split, folds, random_split
from deepfeat.methods.screening import Screening
from deepfeat.training.plan import FitPlan

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Size:
    """How well networks of so many features do on rows that had no part in choosing the features.

    Attributes:
        features: how many.
        loss: mean over rows.
        std_error: of that mean; rows of one group count as one observation.
    """

    features: int
    loss: float
    std_error: float


def size_of(features: int, losses: Floats, data: Dataset) -> Size:
    """A size from the loss of every row.

    Args:
        features: how many.
        losses: (rows,) NaN for rows that were not judged.
        data: tells which rows belong together.
    """
    judged = np.flatnonzero(np.isfinite(losses))
    mean = losses[judged].mean()
    units = judged if data.groups is None else data.groups[judged]
    off = np.bincount(np.unique(units, return_inverse=True)[1], losses[judged] - mean)
    count = len(off)
    error = np.sqrt(np.sum(off**2) * count / max(1, count - 1)) / len(judged)
    return Size(features, float(mean), float(error))


def by_one_standard_error(sizes: Sequence[Size]) -> Size:
    """The fewest features whose loss is within one standard error of the least (Breiman et al. 1984).

    Args:
        sizes: at least one.
    """
    best = min(sizes, key=lambda size: (size.loss, size.features))
    good = [size for size in sizes if size.loss <= best.loss + best.std_error]
    return min(good, key=lambda size: size.features)


def cross_fitted(
    plan: FitPlan,
    data: Dataset,
    screening: Screening,
    seeds: Sequence[int],
    n_folds: int,
    rng: np.random.Generator,
) -> FitPlan:
    """Networks in folds: those of a fold never see its rows, and each shares out the others in its own way.

    Args:
        plan: of the main ensemble; its gate penalties, and its proportion of training to validation rows, are
            taken over.
        data: the table.
        screening: which rows and features there are.
        seeds: one per network; network i belongs to fold `i % n_folds`.
        n_folds: how many folds; groups stay together.
        rng: deals the rows out.
    """
    rows, fractions = screening.rows, _fractions(plan)
    groups = None if data.groups is None else data.groups[rows]
    fold = folds(data.strata[rows], n_folds, rng, groups)
    splits = []
    for network in range(len(seeds)):
        out = fold == network % n_folds
        rest = rows[~out]
        own = random_split(data.strata[rest], fractions, rng, None if groups is None else groups[~out])
        splits.append(Split(rest[own.train], rest[own.valid], rows[out]))
    return FitPlan(
        name=plan.name,
        seeds=tuple(seeds),
        splits=tuple(splits),
        mask=np.tile(screening.kept, (len(seeds), 1)),
        penalty=np.resize(plan.penalty, len(seeds)),
    )


def complementary_halves(
    plan: FitPlan, data: Dataset, rows: Rows, pairs: int, rng: np.random.Generator
) -> list[Split]:
    """Both halves of the rows, many times over (Shah & Samworth 2013).

    Args:
        plan: of the main ensemble; its proportion of training to validation rows is taken over.
        data: the table.
        rows: that are halved; groups stay together, classes are balanced.
        pairs: how often.
        rng: cuts.

    Returns:
        The two halves of each pair one after the other, shared out for training and validation; what is held
        out is the other half.
    """
    groups = None if data.groups is None else data.groups[rows]
    splits = []
    for _ in range(pairs):
        side = folds(data.strata[rows], 2, rng, groups)
        for out in (side == 1, side == 0):
            half = rows[~out]
            units = None if groups is None else groups[~out]
            own = random_split(data.strata[half], _fractions(plan), rng, units)
            splits.append(Split(half[own.train], half[own.valid], rows[out]))
    return splits


def _fractions(plan: FitPlan) -> tuple[float, float, float]:
    """Training and validation rows of a plan, in proportion, and none held out."""
    train = float(np.mean([len(split.train) for split in plan.splits]))
    valid = float(np.mean([len(split.valid) for split in plan.splits]))
    return train, valid, 0.0
