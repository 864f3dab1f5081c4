"""What models answer for rows that they have not learned from."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepfeat.methods.annotations import Ensemble
from deepfeat.methods.parts import members_at_a_time

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

# So many networks have to hold a row out for their mean to stand for that of all, and in so many rows.
FEW, MOST_ROWS = 3, 0.9


class Unseen:
    """The mean answer for every row of the models that have not learned from it.

    Args:
        rows, outputs: how many there are.
    """

    def __init__(self, rows: int, outputs: int) -> None:
        self._total, self._times = np.zeros((rows, outputs)), np.zeros((rows, 1))

    def add(self, rows: Rows, answers: NDArray[np.floating[Any]]) -> None:
        """Count (rows, outputs) answers of a model that has not learned from the rows."""
        self._total[rows] += answers
        self._times[rows] += 1

    def means(self) -> Floats:
        """(rows, outputs); NaN for rows that no model was asked about."""
        nobody = np.full_like(self._total, np.nan)
        return np.divide(self._total, self._times, out=nobody, where=self._times > 0)


def enough_held_out(ensemble: Ensemble, rows: Rows) -> bool:
    """Whether nearly every one of the rows is held out by a few networks.

    Args:
        ensemble: the networks.
        rows: numbers of rows of its table.
    """
    times = np.sum([np.isin(rows, split.held_out) for split in ensemble.plan.splits], axis=0)
    return len(rows) > 0 and bool((times >= FEW).mean() >= MOST_ROWS)


def unseen_answers(ensemble: Ensemble, rows: Rows) -> Floats:
    """The mean answer of the networks that have not learned from a row.

    Validation rows tell a network when to stop, so that it answers them a little better than new ones. Where
    there are networks enough, only those answer that hold a row out, see `enough_held_out`; where there are
    not, those that were stopped by it as well. It is the same for all of the rows.

    Args:
        ensemble: the networks.
        rows: numbers of rows of its table.

    Returns:
        (rows, outputs); NaN for a row that all networks have learned from, or that none holds out.
    """
    held_out = enough_held_out(ensemble, rows)
    unseen, x = Unseen(len(rows), ensemble.data.n_outputs), ensemble.data.x[rows]
    for members, part in members_at_a_time(ensemble, x.size):
        for split, answered in zip(ensemble.plan.splits[members], part.predict(x), strict=True):
            own = np.isin(rows, split.held_out) if held_out else ~np.isin(rows, split.train)
            places = np.flatnonzero(own)
            unseen.add(places, answered[places])
    return unseen.means()
