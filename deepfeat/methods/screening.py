"""What makes thousands of features few enough to retrain for: screening on rows that are then left alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset
from deepfeat.data.splits import Rows, random_split

# Numbers that are centred at a time.
AT_A_TIME = 1 << 24

RULE = "the R2 of a feature with an output by itself (Fan & Lv 2008), the largest over outputs"


@dataclass(frozen=True, eq=False)
class Screening:
    """Which features are worth networks, and which rows have not been asked for it.

    Attributes:
        kept: (features,) True for those that were kept.
        rows: the rows that the choice did not look at; retraining uses these alone.
        note: what was done, for the result.
    """

    kept: NDArray[np.bool_]
    rows: Rows
    note: str = ""

    @classmethod
    def none(cls, data: Dataset) -> "Screening":
        """All features and all rows."""
        return cls(np.ones(data.n_features, dtype=bool), np.arange(data.n_rows))

    @classmethod
    def strongest(cls, data: Dataset, keep: int, share: float, rng: np.random.Generator) -> "Screening":
        """The features of the strongest association on a share of the rows.

        Choosing features and judging them on the same rows would flatter those that fit the rows by chance,
        so the chosen rows take no further part. Features that only matter together with others are missed.

        Args:
            data: the table.
            keep: how many features; all, and all rows, where there are no more.
            share: of the rows, stratified; whole groups.
            rng: draws the rows.
        """
        if keep >= data.n_features:
            return cls.none(data)
        drawn = random_split(data.strata, (share, 1 - share, 0.0), rng, data.groups)
        strength = association(data, drawn.train)
        best = np.argsort(-strength, kind="stable")[:keep]
        kept = np.zeros(data.n_features, dtype=bool)
        kept[best] = True
        note = (
            f"Screened: {keep} of {data.n_features:,} features were kept, by {RULE}, on {len(drawn.train)} "
            f"rows that took no further part; the others have score 0 because they were left out there. "
            "Features that only matter together with others may be among those."
        )
        return cls(kept, drawn.valid, note)


def association(data: Dataset, rows: Rows) -> NDArray[np.float64]:
    """(features,) R2 of each feature by itself with an output, of which the largest counts.

    Of a number it is the squared correlation, of a category the share of the variance between its levels.

    Args:
        data: the table.
        rows: that are looked at.
    """
    y = data.y[rows].astype(np.float64)
    y -= y.mean(axis=0)
    y /= np.linalg.norm(y, axis=0) + (np.linalg.norm(y, axis=0) == 0)
    shares = np.empty((data.n_columns, y.shape[1]))
    width = max(1, AT_A_TIME // len(rows))
    for start in range(0, data.n_columns, width):
        columns = slice(start, start + width)
        x = data.x[rows, columns].astype(np.float64)
        mean = x.mean(axis=0)
        x -= mean
        length = np.linalg.norm(x, axis=0)
        # A constant column can keep a rounding error of its mean's size.
        varies = length > 1e-6 * np.abs(mean) * np.sqrt(len(rows))
        r = np.divide(x.T @ y, length[:, None], out=np.zeros((x.shape[1], y.shape[1])), where=varies[:, None])
        # Levels exclude each other: with p the share of a level, theirs add up to R2 after a factor 1 - p.
        category = _is_level(data)[columns]
        shares[columns] = r**2 * np.where(category, 1 - mean, 1.0)[:, None]
    starts = [feature.start for feature in data.features]
    strength: NDArray[np.float64] = np.add.reduceat(shares, starts, axis=0).max(axis=1)
    return strength


def _is_level(data: Dataset) -> NDArray[np.bool_]:
    return np.array([feature.is_category for feature in data.features])[data.column_feature]
