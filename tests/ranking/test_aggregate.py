"""Means over members and methods, and ranks."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from deepfeat.ranking.aggregate import mean_over_members, mean_over_methods, ranks

TABLES = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9),
    elements=st.floats(-1e3, 1e3) | st.sampled_from([0.0, 1.0]),
)


def test_mean_over_members_is_added_up_in_member_order() -> None:
    # 1e16 swallows a 1 that is added to it, so the order shows
    values = np.array([[1e16], [1.0], [-1e16], [3.0]])
    assert mean_over_members(values).tolist() == [0.75]
    assert mean_over_members(values[[0, 2, 1, 3]]).tolist() == [1.0]


@given(TABLES)
@settings(deadline=None)
def test_the_memory_layout_changes_no_byte(values: np.ndarray) -> None:
    expected = mean_over_members(values).tobytes()
    assert mean_over_members(np.asfortranarray(values)).tobytes() == expected
    assert mean_over_members(np.repeat(values, 2, axis=1)[:, ::2]).tobytes() == expected


@given(TABLES, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_permuting_members_does_not_change_the_mean(values: np.ndarray, random: Random) -> None:
    order = list(range(len(values)))
    random.shuffle(order)
    np.testing.assert_allclose(
        mean_over_members(values[order]), mean_over_members(values), rtol=1e-12, atol=1e-9
    )


def test_mean_over_methods_known_answers() -> None:
    importances = {"a": np.array([[0.6, 0.3, 0.1]]), "b": np.array([[0.2, 0.7, 0.1]])}
    np.testing.assert_allclose(mean_over_methods(importances), [[0.4, 0.5, 0.1]])
    # ranks 1, 2, 3 and 2, 1, 3: mean ranks 1.5, 1.5, 3
    np.testing.assert_allclose(mean_over_methods(importances, "mean_rank"), [[0.75, 0.75, 0.0]])


def test_the_order_in_which_methods_are_listed_changes_no_byte() -> None:
    generator = np.random.default_rng(0)
    importances = {name: generator.random((1, 50)) for name in "abcde"}
    backwards = dict(reversed(importances.items()))
    for how in ("mean", "mean_rank"):
        first, second = mean_over_methods(importances, how), mean_over_methods(backwards, how)
        assert first.tobytes() == second.tobytes()


def test_equal_importances_are_ranked_by_name() -> None:
    assert ranks(np.array([0.5, 0.1, 0.5, 0.1]), ["b", "z", "a", "y"]).tolist() == [2, 4, 1, 3]


@given(hnp.arrays(np.float64, st.integers(1, 30), elements=st.sampled_from([0.0, 0.25, 0.5, 1.0])))
@settings(deadline=None)
def test_ranks_are_a_permutation_in_the_order_of_importance(importance: np.ndarray) -> None:
    names = [f"x{index:02d}" for index in range(len(importance))]
    result = ranks(importance, names)
    assert sorted(result) == list(range(1, len(importance) + 1))
    assert (np.diff(importance[np.argsort(result)]) <= 0).all()


def test_nothing_to_average_is_refused() -> None:
    with pytest.raises(ValueError, match="no member"):
        mean_over_members(np.empty((0, 3)))
    with pytest.raises(ValueError, match="no method"):
        mean_over_methods({})
    with pytest.raises(ValueError, match="unknown aggregate 'median'"):
        mean_over_methods({"a": np.ones((1, 2))}, "median")
