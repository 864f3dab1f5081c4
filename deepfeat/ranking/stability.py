"""Whether the same features come out on top in every network: the measure of Nogueira et al."""

from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Stability(NamedTuple):
    """Stability of a selection, with its confidence interval.

    Attributes:
        value: 1 where every member selects the same features, about 0 where they select by chance.
        low: lower end of the interval.
        high: upper end of it.
    """

    value: float
    low: float
    high: float


def stability(selected: NDArray[np.bool_], confidence: float = 0.95) -> Stability:
    """Stability of feature sets over members, corrected for chance.

    S. Nogueira, K. Sechidis, G. Brown: On the stability of feature selection algorithms, Journal of Machine
    Learning Research 18 (2018) 174; the estimate is their definition 4, the interval their theorem 7.

    Args:
        selected: (members, features) the features that each member selects; sets may differ in size.
        confidence: of the interval.

    Returns:
        NaN where it is not defined: fewer than two members, or every set empty, or every set whole.
    """
    members, n_features = selected.shape
    sets = selected.astype(np.float64)
    shares = sets.mean(axis=0) if members else np.zeros(n_features)
    mean_share = shares.mean() if n_features else 0.0
    by_chance = mean_share * (1 - mean_share)
    if members < 2 or by_chance <= 0:  # noqa: PLR2004 - one member has no spread
        return Stability(float("nan"), float("nan"), float("nan"))
    value = 1 - members / (members - 1) * (shares * (1 - shares)).mean() / by_chance
    own_share = sets.mean(axis=1)
    parts = (
        (sets * shares).mean(axis=1)
        - own_share * mean_share
        + value / 2 * (2 * mean_share * own_share - own_share - mean_share + 1)
    ) / by_chance
    error = np.sqrt(4 / members**2 * ((parts - parts.mean()) ** 2).sum())
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * error
    return Stability(float(value), float(value - reach), float(min(value + reach, 1.0)))
