"""Rows in another order."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from deepfeat.data.dataset import Dataset
from deepfeat.methods.shuffling import shuffled_rows


def test_without_groups_every_row_is_used_once(make_data: Callable[..., Dataset]) -> None:
    source = shuffled_rows(make_data(rows=30), np.random.default_rng(0))
    assert sorted(source) == list(range(30))
    assert (source != np.arange(30)).any()


def test_groups_change_places_as_a_whole(make_data: Callable[..., Dataset]) -> None:
    groups = np.random.default_rng(1).permutation(np.repeat([3, 7, 8, 9], [2, 5, 10, 13]))
    data = replace(make_data(rows=30), groups=groups)
    source = shuffled_rows(data, np.random.default_rng(2))
    given = {code: set(groups[source[groups == code]]) for code in (3, 7, 8, 9)}
    assert sorted(code for codes in given.values() for code in codes) == [3, 7, 8, 9]
    assert any(codes != {code} for code, codes in given.items())
