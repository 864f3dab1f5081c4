"""The table as people know it: one number per feature, for libraries that know nothing of encoded columns."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deepfeat.data.dataset import Dataset

STEPS = "Effects between two levels are"
"""How the note begins that says which levels effects compare; figures of effects repeat it."""
# Steps that it lists.
MOST_STEPS = 10


def to_features(x: ArrayLike, data: Dataset) -> NDArray[np.float64]:
    """One value per feature: a number as it is, a category as the number of its level.

    A library that changes a feature of this table changes all columns of a category at once.

    Args:
        x: (rows, columns) encoded rows, such as those of `data.x`; every category one-hot.
        data: tells which columns belong to which feature.

    Returns:
        (rows, features). A row whose columns of a category are all zero gets the number of its levels.
    """
    rows = np.asarray(x)
    values = np.empty((len(rows), data.n_features), dtype=np.float64)
    for index, feature in enumerate(data.features):
        block = rows[:, feature.start : feature.stop]
        if feature.is_category:
            values[:, index] = np.where(block.any(axis=1), block.argmax(axis=1), len(feature.levels))
        else:
            values[:, index] = block[:, 0]
    return values


def to_columns(values: ArrayLike, data: Dataset) -> NDArray[np.float32]:
    """The encoded rows that a table of `to_features` stands for.

    Args:
        values: (rows, features).
        data: tells which columns belong to which feature.

    Returns:
        (rows, columns) float32, as networks take them.
    """
    columns = np.asarray(values, dtype=np.float64)[:, data.column_feature]
    starts = np.array([feature.start for feature in data.features])
    is_level = np.array([feature.is_category for feature in data.features])[data.column_feature]
    level = np.arange(data.n_columns) - starts[data.column_feature]
    columns[:, is_level] = np.rint(columns[:, is_level]) == level[is_level]
    return columns.astype(np.float32)


def per_step(data: Dataset) -> str:
    """For what an effect of one column is given, as the end of a scale: numbers are standardised, levels not.

    Args:
        data: the table.
    """
    levels = any(feature.is_category and len(feature.levels) == 2 for feature in data.features)  # noqa: PLR2004
    return f"per standard deviation{' or between two levels' if levels else ''}"


def two_levels(data: Dataset) -> list[str]:
    """A note about which level is compared with which, where effects are steps between two.

    Args:
        data: the table.
    """
    steps = [
        f"{feature.name}: {feature.levels[1]} against {feature.levels[0]}"
        for feature in data.features
        if len(feature.levels) == 2  # noqa: PLR2004
    ]
    if not steps:
        return []
    more = f" and {len(steps) - MOST_STEPS:,} more" if len(steps) > MOST_STEPS else ""
    return [f"{STEPS} {'; '.join(steps[:MOST_STEPS])}{more}."]
