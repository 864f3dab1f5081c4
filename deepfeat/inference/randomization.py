"""P-values from random draws, that stop drawing where the answer is clear.

Besag & Clifford 1991, "Sequential Monte Carlo p-values", Biometrika 78(2).
"""

import numpy as np
from numpy.typing import NDArray

from deepfeat.inference.units import Floats


class SequentialTest:
    """Compares the statistic of each feature with draws under its null hypothesis.

    A feature is done as soon as `stop` of its draws are at least as extreme as what was observed: with L
    draws until then its p-value is `stop / L`. One that comes through all draws, g of which were as extreme,
    has `(g + 1) / (draws + 1)`. Both are valid p-values, and irrelevant features take a few dozen draws.

    Args:
        features: how many.
        draws: how many draws a feature takes at most.
        stop: how many extreme draws are enough.
    """

    def __init__(self, features: int, draws: int, stop: int) -> None:
        self.draws, self.stop = draws, stop
        self.made = np.zeros(features, dtype=np.int64)
        self.extreme = np.zeros(features, dtype=np.int64)

    @property
    def open(self) -> NDArray[np.int64]:
        """The features that need more draws."""
        return np.flatnonzero((self.extreme < self.stop) & (self.made < self.draws))

    def add(self, features: NDArray[np.int64], extreme: NDArray[np.bool_]) -> None:
        """Take in further draws; those beyond the last one that is needed do not count.

        Args:
            features: which, each open.
            extreme: (features, new draws) whether each is at least as extreme as what was observed.
        """
        room = np.minimum(self.draws - self.made[features], extreme.shape[1])
        counted = np.cumsum(extreme, axis=1) + self.extreme[features, None]
        reached = counted >= self.stop
        last = np.where(reached.any(axis=1), reached.argmax(axis=1) + 1, extreme.shape[1])
        used = np.minimum(last, room)
        self.made[features] += used
        self.extreme[features] = counted[np.arange(len(features)), used - 1]

    @property
    def p_values(self) -> Floats:
        """(features,) of what has been drawn so far."""
        stopped = self.extreme >= self.stop
        early = self.extreme / np.maximum(self.made, 1)
        return np.asarray(np.where(stopped, early, (self.extreme + 1) / (self.made + 1)), dtype=np.float64)
