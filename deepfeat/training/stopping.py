"""Early stopping of many members at once, by the rules of `keras.callbacks.EarlyStopping`."""

import numpy as np
from numpy.typing import NDArray


class EarlyStopping:
    """Which members improved, and which have waited long enough.

    Args:
        members: how many.
        patience: epochs without a better value after which a member stops.
    """

    def __init__(self, members: int, patience: int) -> None:
        self.patience = patience
        self.best = np.full(members, np.inf)
        self.best_epoch = np.zeros(members, dtype=np.int64)
        self.wait = np.zeros(members, dtype=np.int64)

    def update(
        self, epoch: int, members: NDArray[np.int64], values: NDArray[np.float64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Take in the values of one epoch.

        Args:
            epoch: 0-based.
            members: the members still training.
            values: what is watched, one value per such member.

        Returns:
            For each of `members`: whether its weights are now its best, and whether it stops.
        """
        improved = values < self.best[members]
        self.best[members] = np.where(improved, values, self.best[members])
        self.best_epoch[members] = np.where(improved, epoch, self.best_epoch[members])
        self.wait[members] = np.where(improved, 0, self.wait[members] + 1)
        stopped = (self.wait[members] >= self.patience) & (epoch > 0)
        return improved, stopped
