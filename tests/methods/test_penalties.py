"""Which penalty of a path is believed."""

import numpy as np

from deepfeat.methods import PenaltyCurve


def test_the_strongest_penalty_within_one_standard_error() -> None:
    # Means 5, 2.5, 2, 2.2; the standard error of the third is 0.5 or 1.
    losses = np.array([[5.0, 2.5, 1.5, 2.2], [5.0, 2.5, 2.5, 2.2]])
    penalties = np.array([4.0, 3.0, 2.0, 1.0])
    assert PenaltyCurve(penalties, losses).chosen == 1
    assert PenaltyCurve(penalties, losses + np.array([0, 0.2, 0, 0])).chosen == 2
