"""What counts as one independent observation: a row, or a group of rows that belong together."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def totals(values: Floats, groups: NDArray[np.int64] | None) -> Floats:
    """Sums over the rows of each independent unit.

    Rows of one patient or family are not independent, but patients are: the sums of groups are then the
    observations of a test (the cluster-robust variance of Liang & Zeger 1986).

    Args:
        values: (rows, ...).
        groups: (rows,) codes; None where every row is a unit of its own.

    Returns:
        (units, ...) in ascending order of the codes; `values` itself without groups.
    """
    if groups is None:
        return values
    codes, unit = np.unique(groups, return_inverse=True)
    sums = np.zeros((len(codes), *values.shape[1:]))
    np.add.at(sums, unit, values)
    return sums
