"""Sums over rows that belong together."""

import numpy as np

from deepfeat.inference.units import totals


def test_without_groups_rows_are_the_units() -> None:
    values = np.arange(6.0).reshape(3, 2)
    assert totals(values, None) is values


def test_rows_of_a_group_are_added_up() -> None:
    values = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]])
    np.testing.assert_array_equal(totals(values, np.array([7, 3, 7])), [[2.0, 20.0], [5.0, 50.0]])
