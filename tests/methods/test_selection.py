"""Rows to choose by, rows to judge by, and where to stop."""

from dataclasses import replace

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.methods.screening import Screening
from deepfeat.methods.selection import Size, by_one_standard_error, cross_fitted, size_of
from deepfeat.testing.linear import LinearEnsemble

PLAN = LinearEnsemble.fit


def test_the_smallest_size_within_one_standard_error_of_the_least() -> None:
    sizes = [
        Size(0, 0.5, 0.1),
        Size(1, 0.31, 0.02),
        Size(2, 0.29, 0.01),
        Size(3, 0.28, 0.02),
        Size(4, 0.3, 0.5),
    ]
    assert by_one_standard_error(sizes) == sizes[2]
    assert by_one_standard_error(sizes[::-1]) == sizes[2]
    assert by_one_standard_error(sizes[:2]) == sizes[1]
    assert by_one_standard_error([Size(0, 0.25, 0), Size(1, 0.25, 0)]).features == 0


def test_the_standard_error_is_that_of_a_mean(data: Dataset) -> None:
    losses = np.random.default_rng(0).exponential(size=data.n_rows)
    losses[:40] = np.nan
    size = size_of(3, losses, data)
    assert size.features == 3
    assert size.loss == pytest.approx(losses[40:].mean())
    assert size.std_error == pytest.approx(losses[40:].std(ddof=1) / np.sqrt(200))


def test_rows_of_a_group_count_as_one_observation(data: Dataset) -> None:
    own = np.random.default_rng(0).normal(size=60)
    alike = replace(data, groups=np.repeat(np.arange(60), 4))
    size = size_of(1, np.repeat(own, 4), alike)
    assert size.std_error == pytest.approx(own.std(ddof=1) / np.sqrt(60))


@pytest.mark.parametrize("of_a_group", [1, 4])
def test_every_row_is_judged_once_and_never_learned_from_in_its_fold(data: Dataset, of_a_group: int) -> None:
    groups = np.arange(data.n_rows) // of_a_group if of_a_group > 1 else None
    table = replace(data, groups=groups)
    screening = Screening(np.array([True, True, False, True, True, True]), np.arange(20, data.n_rows))
    plan = cross_fitted(PLAN(data, 2).plan, table, screening, range(7), 3, np.random.default_rng(0))
    judged = np.zeros(data.n_rows, dtype=int)
    for network, split in enumerate(plan.splits):
        parts = (split.train, split.valid, split.held_out)
        np.testing.assert_array_equal(np.sort(np.concatenate(parts)), screening.rows)
        np.testing.assert_array_equal(split.held_out, plan.splits[network % 3].held_out)
        # The proportion is that of the main plan, half to a quarter.
        assert len(split.train) / len(split.valid) == pytest.approx(2, rel=0.15)
        if network < 3:
            judged[split.held_out] += 1
        if groups is not None:
            sets = [set(groups[part]) for part in parts]
            assert not (sets[0] & sets[1]) | (sets[0] & sets[2]) | (sets[1] & sets[2])
    assert (judged[screening.rows] == 1).all()
    assert (judged[:20] == 0).all()
    assert not np.array_equal(plan.splits[0].train, plan.splits[3].train), "networks of a fold differ"
    assert (plan.mask == screening.kept).all()
    assert plan.seeds == tuple(range(7))
