"""The top k as a set."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from deepfeat.ranking.top import default_top, top_sets


@pytest.mark.parametrize(("features", "top"), [(1, 1), (3, 1), (13, 4), (30, 10), (20_000, 10)])
def test_the_default_is_a_third_and_at_most_ten(features: int, top: int) -> None:
    assert default_top(features) == top


def test_known_sets() -> None:
    values = np.array([[3.0, 1.0, 2.0], [0.0, 5.0, 5.0], [1.0, 1.0, 0.0]])
    assert top_sets(values, 2).tolist() == [
        [True, False, True],
        [False, True, True],
        [True, True, False],
    ]
    # a tie across the border: nobody knows which of them belongs in
    assert top_sets(values, 1).tolist() == [[True, False, False], [False, False, False], [False] * 3]
    assert top_sets(values, 3).all()


@given(
    hnp.arrays(np.float64, (3, 6), elements=st.integers(0, 5).map(float)),
    st.integers(1, 8),
    st.permutations(range(6)),
)
@settings(deadline=None)
def test_at_most_k_and_the_same_wherever_a_feature_stands(
    values: np.ndarray, k: int, order: list[int]
) -> None:
    chosen = top_sets(values, k)
    assert (chosen.sum(axis=1) <= k).all()
    np.testing.assert_array_equal(top_sets(values[:, order], k), chosen[:, order])
    for row, inside in zip(values, chosen, strict=True):
        assert not inside.any() or inside.all() or row[inside].min() > row[~inside].max()


def test_an_empty_top_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one feature"):
        top_sets(np.ones((1, 2)), 0)
