"""Whether a loss rises in the mean over rows: a one-sided t-test.

The observations are rows (or groups of rows), never networks: networks that were trained on the same rows
are no independent witnesses, and a t-test over them finds significance in pure noise.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepfeat.inference.units import Floats, totals


@dataclass(frozen=True, eq=False)
class MeanTests:
    """One test per feature.

    Attributes:
        mean: (features,) the mean rise per row.
        std_error: (features,) its standard error.
        ci_low: (features,) lower end of the two-sided 95 % confidence interval of the mean.
        ci_high: (features,) upper end of it.
        p_value: (features,) of the one-sided t-test that the mean is not above zero.
    """

    mean: Floats
    std_error: Floats
    ci_low: Floats
    ci_high: Floats
    p_value: Floats


def mean_above_zero(rise: Floats, groups: NDArray[np.int64] | None = None) -> MeanTests:
    """Test for each feature that its mean rise is not above zero.

    Args:
        rise: (rows, features), one number per row and feature.
        groups: (rows,) codes of rows that are not independent of each other.

    Returns:
        A feature whose rises do not vary has standard error 0 and p-value 1, or 0 if they are all positive.

    Raises:
        ValueError: fewer than two independent units.
    """
    from scipy import stats  # noqa: PLC0415 - slow to import

    mean = rise.mean(axis=0)
    around = totals(rise - mean, groups)
    units = len(around)
    if units < 2:  # noqa: PLR2004 - one has no deviation
        raise ValueError("a t-test needs at least two independent rows")
    std_error = np.sqrt(units / (units - 1) * np.sum(around**2, axis=0)) / len(rise)
    varies = std_error > 0
    t = np.where(varies, mean / np.where(varies, std_error, 1), np.where(mean > 0, np.inf, -np.inf))
    half = stats.t.ppf(0.975, units - 1) * std_error
    return MeanTests(mean, std_error, mean - half, mean + half, stats.t.sf(t, units - 1))
