"""Screening: the right features, on rows that are then left alone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfeat.data.dataset import Dataset
from deepfeat.methods.screening import Screening, association
from deepfeat.testing.families import PROBLEMS
from deepfeat.testing.planted import planted


def test_association_is_the_squared_correlation() -> None:
    data = planted(task="regression").dataset()
    rows = np.arange(50, 200)
    expected = [np.corrcoef(data.x[rows, j], data.y[rows, 0])[0, 1] ** 2 for j in range(6)]
    np.testing.assert_allclose(association(data, rows), expected, rtol=1e-5)


def test_of_a_category_it_is_the_share_of_variance_between_levels() -> None:
    data = planted(category=True, task="regression").dataset()
    rows = np.arange(data.n_rows)
    y = data.y[:, 0].astype(float)
    for number, feature in enumerate(data.features):
        level = data.x[:, feature.start : feature.stop].argmax(axis=1)
        means = np.array([y[level == one].mean() for one in range(len(feature.levels))])
        between = np.mean((means[level] - y.mean()) ** 2) / y.var()
        assert association(data, rows)[number] == pytest.approx(between, rel=1e-4)


def test_a_constant_column_or_target_has_none(data: Dataset) -> None:
    x = data.x.copy()
    x[:, 1] = 1e6
    strength = association(replace(data, x=x), np.arange(100))
    assert strength[1] == 0
    assert (association(replace(data, y=np.ones_like(data.y)), np.arange(100)) == 0).all()


@given(seed=st.integers(0, 20), share=st.sampled_from([0.2, 0.5]))
def test_the_rows_that_remain_were_not_looked_at(seed: int, share: float) -> None:
    data = planted(features=30).dataset()
    chosen = Screening.strongest(data, 5, share, np.random.default_rng(seed))
    assert chosen.kept.sum() == 5
    assert len(chosen.rows) == pytest.approx((1 - share) * data.n_rows, abs=2)
    # Nothing that happens to the remaining rows can change the choice.
    x = data.x.copy()
    x[chosen.rows] = np.random.default_rng(seed).normal(size=x[chosen.rows].shape) * 100
    again = Screening.strongest(replace(data, x=x), 5, share, np.random.default_rng(seed))
    np.testing.assert_array_equal(chosen.kept, again.kept)


def test_whole_groups_are_used_up(data: Dataset) -> None:
    grouped = replace(data, groups=np.arange(data.n_rows) // 6)
    chosen = Screening.strongest(grouped, 2, 0.3, np.random.default_rng(0))
    left = set(grouped.groups[chosen.rows])
    used = set(grouped.groups[np.setdiff1d(np.arange(data.n_rows), chosen.rows)])
    assert not left & used


def test_what_matters_is_kept_among_thousands() -> None:
    problem = PROBLEMS["additive"](1000, 2000, 0)
    data = problem.dataset()
    chosen = Screening.strongest(data, 50, 0.3, np.random.default_rng(0))
    assert chosen.kept[list(problem.relevant)].all()
    assert "50 of 2,000 features were kept" in chosen.note
    assert "300 rows that took no further part" in chosen.note


def test_few_features_need_no_screening(data: Dataset) -> None:
    chosen = Screening.strongest(data, 6, 0.3, np.random.default_rng(0))
    assert chosen.kept.all()
    assert len(chosen.rows) == data.n_rows
    assert chosen.note == ""
