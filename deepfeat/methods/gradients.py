"""Slopes of the answers, for methods that follow them."""

import numpy as np
from numpy.typing import NDArray

from deepfeat.methods.annotations import Ensemble


def integrated_slopes(
    ensemble: Ensemble, x: NDArray[np.float32], starts: NDArray[np.float32], steps: int, output: int
) -> NDArray[np.float32]:
    """The mean slope of a logit along the straight lines that lead to some rows.

    Times the way from start to row, the columns add up to the logit at the row less that at the start, as far
    as the quadrature is exact (Sundararajan, Taly & Yan 2017, "Axiomatic attribution for deep networks").

    Args:
        ensemble: the trained members.
        x: (rows, columns) where the lines end.
        starts: (members, columns) where each member's lines begin.
        steps: points of the Gauss-Legendre quadrature.
        output: whose logit.

    Returns:
        (members, rows, columns).
    """
    begin = starts[:, None, :]
    way = x[None] - begin
    slopes = np.zeros((len(ensemble), *x.shape), dtype=np.float32)
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        slopes += np.float32(weight) * ensemble.gradients(begin + np.float32(node) * way, output)
    return slopes
