"""An order of the rows that has nothing to do with their targets."""

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset

Rows = NDArray[np.int64]


def shuffled_rows(data: Dataset, rng: np.random.Generator) -> Rows:
    """For every row the number of the row whose values it gets.

    Rows of one group change places as a whole with those of another: what is the same in a group stays so.
    A group that is larger than the one it gets its values from gets some of them twice.

    Args:
        data: the table.
        rng: shuffles.

    Returns:
        (rows,) numbers of rows; each once where there are no groups.
    """
    if data.groups is None:
        return rng.permutation(data.n_rows)
    order = np.argsort(data.groups, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(data.groups[order])) + 1)
    source = np.empty(data.n_rows, dtype=np.int64)
    for own, other in zip(members, rng.permutation(len(members)), strict=True):
        source[own] = np.resize(rng.permutation(members[other]), len(own))
    return source
