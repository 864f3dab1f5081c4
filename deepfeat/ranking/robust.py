"""Robust rank aggregation: features that many methods rank higher than chance would."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deepfeat.ranking.normalise import share_beaten


def robust_rank(rows: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """The score of Kolde et al. (2012) on a scale where larger is better.

    If a method's order were chance, a feature's rank divided by the number of features would be uniform. For
    every k, the probability that the k-th best of m such ranks is as good as the one observed is a beta
    distribution's; rho is the smallest of these probabilities times m, at most 1, and the result is
    `-log10(rho)`. One method that ranks a feature last cannot undo what the others agree on.

    Methods that look at the same networks are not independent, so this is a score to rank by and no p-value.

    R. Kolde, S. Laur, P. Adler, J. Vilo: Robust rank aggregation for gene list integration and
    meta-analysis, Bioinformatics 28 (2012) 573-580.

    Args:
        rows: per method, (rows, features) importances; ties share their mean rank.

    Returns:
        (rows, features) float64, from 0.
    """
    from scipy.special import betainc  # noqa: PLC0415 - takes a moment to import

    methods, n_features = len(rows), rows[0].shape[1]
    # a rank of 1 to p, divided by p
    relative = np.stack([1.0 - share_beaten(values) * (n_features - 1) / n_features for values in rows])
    relative.sort(axis=0)
    rho = np.ones(rows[0].shape)
    for k, values in enumerate(relative, start=1):
        np.minimum(rho, betainc(k, methods - k + 1, values), out=rho)
    return np.asarray(np.maximum(-np.log10(rho * methods), 0.0), dtype=np.float64)
