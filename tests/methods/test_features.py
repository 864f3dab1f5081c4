"""The table with one number per feature, and back."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from deepfeat.data.dataset import Dataset, Feature
from deepfeat.methods.features import to_columns, to_features, two_levels
from deepfeat.testing.families import make_mixed_types
from deepfeat.testing.planted import planted


def table(*widths: int) -> Dataset:
    """Features of so many levels; 0 is a number."""
    features, start = [], 0
    for index, width in enumerate(widths):
        stop = start + max(1, width)
        features.append(Feature(f"f{index}", start, stop, tuple(map(str, range(width)))))
        start = stop
    return replace(planted().dataset(), x=np.zeros((0, start), np.float32), features=tuple(features))


def test_known_answer() -> None:
    data = table(0, 3, 1)
    x = np.array([[1.5, 0, 1, 0, 1], [-2, 1, 0, 0, 0]], dtype=np.float32)
    np.testing.assert_array_equal(to_features(x, data), [[1.5, 1, 0], [-2, 0, 1]])
    np.testing.assert_array_equal(to_columns([[1.5, 1, 0], [-2, 0, 1]], data), x)


def test_levels_need_not_be_whole_after_a_computation() -> None:
    np.testing.assert_array_equal(to_columns([[1.9999999]], table(3)), [[0, 0, 1]])


@given(
    widths=st.lists(st.integers(0, 5), min_size=1, max_size=6),
    rows=st.integers(0, 7),
    seed=st.integers(0, 2**32 - 1),
)
def test_there_and_back(widths: list[int], rows: int, seed: int) -> None:
    data, rng = table(*widths), np.random.default_rng(seed)
    values = np.stack(
        [
            rng.integers(0, width + 1, rows) if width else rng.normal(size=rows).astype(np.float32)
            for width in widths
        ],
        axis=1,
    )
    columns = to_columns(values, data)
    assert columns.dtype == np.float32
    np.testing.assert_array_equal(to_features(columns, data), values)


def test_what_is_compared_with_what_is_named() -> None:
    assert two_levels(table(0, 3)) == []
    assert two_levels(table(2, 0, 2)) == ["Effects between two levels are f0: 1 against 0; f2: 1 against 0."]
    (many,) = two_levels(table(*[2] * 12))
    assert many.endswith("f9: 1 against 0 and 2 more.")


def test_a_real_table_comes_back_bit_by_bit() -> None:
    data = make_mixed_types(200, 20, 0).dataset()
    assert to_columns(to_features(data.x, data), data).tobytes() == data.x.tobytes()
