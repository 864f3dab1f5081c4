"""The largest correlation between two features."""

import numpy as np
import pytest

from deepfeat.inference import correlations
from deepfeat.inference.correlations import largest_correlation

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("block", [1, 1 << 24])
def test_of_either_sign(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(correlations, "BLOCK", block)
    x = RNG.normal(size=(500, 6))
    x[:, 3] = -x[:, 1] + 0.3 * x[:, 3]
    every = np.abs(np.corrcoef(x.T))
    found = largest_correlation(x, [np.array([j]) for j in range(6)])
    assert found == pytest.approx(np.sort(every.ravel())[-7])
    assert found == pytest.approx(every[1, 3])


def test_columns_of_a_category_are_not_held_against_it() -> None:
    code = RNG.integers(2, size=300)
    x = np.column_stack([np.eye(2)[code], RNG.normal(size=300), code + 0.1 * RNG.normal(size=300)])
    blocks = [np.array([0, 1]), np.array([2]), np.array([3])]
    assert largest_correlation(x[:, :3], blocks[:2]) < 0.3
    assert largest_correlation(x, blocks) > 0.9


def test_a_constant_or_a_single_feature_is_correlated_with_nothing() -> None:
    assert largest_correlation(np.ones((5, 1)), [np.array([0])]) == 0
    assert largest_correlation(np.ones((5, 2)), [np.array([0]), np.array([1])]) == 0
