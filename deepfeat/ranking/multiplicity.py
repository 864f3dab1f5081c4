"""P-values of many features at once, adjusted for how many there are."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Multiplicity = Literal["bh", "holm", "by"]

_IN_STATSMODELS = {"bh": "fdr_bh", "holm": "holm", "by": "fdr_by"}


def adjusted(p_values: ArrayLike, how: Multiplicity = "bh") -> NDArray[np.float64]:
    """P-values adjusted for the number of hypotheses, by statsmodels.

    - `bh`: Benjamini and Hochberg (1995). Calling what is at most q keeps the expected share of false
      discoveries among all discoveries at q, for independent or positively dependent p-values.
    - `holm`: Holm (1979). Calling what is at most a keeps the probability of even one false discovery at a,
      whatever the dependence.
    - `by`: Benjamini and Yekutieli (2001). As `bh`, whatever the dependence.

    Args:
        p_values: (features,) p-values; those that are NaN were not tested, and do not count.
        how: one of the above.

    Returns:
        (features,) float64 adjusted p-values, NaN where there was none.

    Raises:
        ValueError: a p-value lies outside 0 to 1, they are no list, or `how` is unknown.
    """
    from statsmodels.stats.multitest import multipletests  # noqa: PLC0415 - takes a second to import

    values = np.array(p_values, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"p-values must be (features,), not of shape {values.shape}")
    if how not in _IN_STATSMODELS:
        raise ValueError(f"unknown adjustment {how!r}")
    tested = ~np.isnan(values)
    if np.any((values[tested] < 0) | (values[tested] > 1)):
        raise ValueError("a p-value lies outside 0 to 1")
    if tested.any():
        values[tested] = multipletests(values[tested], method=_IN_STATSMODELS[how])[1]
    return values
