"""Splits: every row once, classes in proportion, groups together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from deepfeat.data.splits import Split, bootstrap, folds, last_fraction, random_split

Rows = NDArray[np.int64]

fraction = st.floats(0.05, 1)
fractions = st.tuples(fraction, fraction, fraction | st.just(0.0)).map(lambda f: tuple(x / sum(f) for x in f))
codes = st.lists(st.integers(0, 3), min_size=1, max_size=80).map(lambda c: np.array(c, dtype=np.int64))


def generator(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def assert_a_partition(split: Split, rows: int) -> None:
    together = np.concatenate([split.train, split.valid, split.held_out])
    assert np.array_equal(np.sort(together), np.arange(rows))
    assert all(part.dtype == np.int64 for part in (split.train, split.valid, split.held_out))


@given(strata=codes, shares=fractions, seed=st.integers(0, 9))
def test_a_random_split_is_a_partition_in_proportion_within_every_stratum(
    strata: Rows, shares: tuple[float, float, float], seed: int
) -> None:
    split = random_split(strata, shares, generator(seed))
    assert_a_partition(split, len(strata))
    for code in np.unique(strata):
        total = (strata == code).sum()
        wanted = sum(share > 0 for share in shares)
        for part, share in zip((split.train, split.valid, split.held_out), shares, strict=True):
            got = (strata[part] == code).sum()
            assert share > 0 or got == 0
            assert total < wanted or share == 0 or got > 0
            assert total < 3 * wanted or abs(got - share * total) < 3


@given(groups=codes, shares=fractions, seed=st.integers(0, 9))
def test_a_random_split_keeps_groups_together(
    groups: Rows, shares: tuple[float, float, float], seed: int
) -> None:
    strata = generator(seed).integers(2, size=len(groups))
    split = random_split(strata, shares, generator(seed), groups)
    assert_a_partition(split, len(groups))
    assert_groups_together([split.train, split.valid, split.held_out], groups)


def assert_groups_together(parts: list[Rows], groups: Rows) -> None:
    seen = [set(groups[part].tolist()) for part in parts]
    assert sum(len(part) for part in seen) == len(set(groups.tolist()))


def test_a_random_split_is_another_one_for_every_seed() -> None:
    strata = np.zeros(100, dtype=np.int64)
    splits = [random_split(strata, (0.6, 0.2, 0.2), generator(seed)).train for seed in (0, 0, 1)]
    assert np.array_equal(splits[0], splits[1])
    assert not np.array_equal(splits[0], splits[2])


def test_every_row_is_held_out_equally_often() -> None:
    strata = np.repeat([0, 1], 25)
    drawn = [random_split(strata, (0.6, 0.2, 0.2), generator(seed)).held_out for seed in range(400)]
    counts = np.bincount(np.concatenate(drawn), minlength=50)
    assert counts.mean() == 80
    assert counts.min() > 50
    assert counts.max() < 110


@given(rows=st.integers(1, 200), shares=fractions)
def test_the_last_fraction_is_cut_as_in_the_file(rows: int, shares: tuple[float, float, float]) -> None:
    split = last_fraction(rows, shares)
    assert_a_partition(split, rows)
    assert np.array_equal(np.concatenate([split.train, split.valid, split.held_out]), np.arange(rows))
    assert abs(len(split.train) - shares[0] * rows) <= 1
    assert abs(len(split.valid) - shares[1] * rows) <= 1


def test_the_last_half_of_2021() -> None:
    split = last_fraction(297, (0.5, 0.5, 0.0))
    assert (len(split.train), len(split.valid), len(split.held_out)) == (148, 149, 0)


@given(strata=codes, n_folds=st.integers(2, 6), seed=st.integers(0, 9))
def test_folds_are_equal_in_size_and_in_classes(strata: Rows, n_folds: int, seed: int) -> None:
    fold = folds(strata, n_folds, generator(seed))
    sizes = np.bincount(fold, minlength=n_folds)
    assert sizes.max() - sizes.min() <= 1
    for code in np.unique(strata):
        of_class = np.bincount(fold[strata == code], minlength=n_folds)
        assert of_class.max() - of_class.min() <= 1


@given(groups=codes, n_folds=st.integers(2, 6), seed=st.integers(0, 9))
def test_folds_keep_groups_together_and_sizes_close(groups: Rows, n_folds: int, seed: int) -> None:
    fold = folds(np.zeros_like(groups), n_folds, generator(seed), groups)
    assert_groups_together([np.flatnonzero(fold == number) for number in range(n_folds)], groups)
    sizes = np.bincount(fold, minlength=n_folds)
    assert sizes.max() - sizes.min() <= np.bincount(groups).max()


@given(strata=codes, seed=st.integers(0, 9))
@settings(max_examples=50)
def test_a_bootstrap_draws_as_many_rows_of_every_class_from_the_given_ones(strata: Rows, seed: int) -> None:
    rows = np.flatnonzero(generator(seed).random(len(strata)) < 0.7)
    if len(rows) == 0:
        return
    drawn = bootstrap(rows, strata, generator(seed))
    assert set(drawn.tolist()) <= set(rows.tolist())
    assert np.array_equal(np.bincount(strata[drawn]), np.bincount(strata[rows]))


def test_a_bootstrap_leaves_about_a_third_of_the_rows_out() -> None:
    rows = np.arange(5000)
    drawn = bootstrap(rows, np.zeros(5000, dtype=np.int64), generator(0))
    assert len(np.unique(drawn)) / 5000 == pytest.approx(1 - np.exp(-1), abs=0.02)
