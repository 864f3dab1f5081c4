"""Tables made from a table."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.data.derived import by_columns, reordered, with_features, with_rows


def test_new_features_follow_the_old(make_data: Callable[..., Dataset]) -> None:
    data = make_data("multiclass", rows=12, widths=(1, 3))
    added = np.arange(24.0).reshape(12, 2)
    wider = with_features(data, ["a", "b"], added)
    assert wider.feature_names == (*data.feature_names, "a", "b")
    np.testing.assert_array_equal(wider.x[:, :4], data.x)
    np.testing.assert_array_equal(wider.x[:, 4:], added)
    np.testing.assert_array_equal(wider.column_feature, [0, 1, 1, 1, 2, 3])
    np.testing.assert_array_equal(wider.y, data.y)


def test_other_values_are_another_table(make_data: Callable[..., Dataset]) -> None:
    data = make_data(rows=12)
    digests = {data.sha256, *(with_features(data, ["a"], np.full((12, 1), v)).sha256 for v in (0, 1, 1))}
    assert len(digests) == 3


def test_wrong_shape_or_taken_name(make_data: Callable[..., Dataset]) -> None:
    data = make_data(rows=12)
    with pytest.raises(ValueError, match=r"shape \(11, 1\), expected \(12, 1\)"):
        with_features(data, ["a"], np.zeros((11, 1)))
    with pytest.raises(ValueError, match="not distinct"):
        with_features(data, [data.feature_names[0]], np.zeros((12, 1)))


def test_every_column_a_feature_of_its_own(make_data: Callable[..., Dataset]) -> None:
    data = make_data(rows=12, widths=(1, 3))
    columns = by_columns(data)
    assert columns.feature_names == ("f0", "f1 = a", "f1 = b", "f1 = c")
    assert not any(feature.is_category for feature in columns.features)
    np.testing.assert_array_equal(columns.x, data.x)
    assert columns.sha256 != data.sha256


def test_features_in_another_order(make_data: Callable[..., Dataset]) -> None:
    data = make_data(widths=(1, 3, 1, 2))
    turned = reordered(data, [3, 0, 2, 1])
    assert turned.feature_names == ("f3", "f0", "f2", "f1")
    assert [(feature.start, feature.stop) for feature in turned.features] == [(0, 2), (2, 3), (3, 4), (4, 7)]
    np.testing.assert_array_equal(turned.x, data.x[:, [5, 6, 0, 4, 1, 2, 3]])
    assert turned.sha256 != data.sha256
    back = reordered(turned, [1, 3, 2, 0])
    assert back.features == data.features
    np.testing.assert_array_equal(back.x, data.x)
    assert reordered(data, range(4)) is data


@pytest.mark.parametrize("order", [[0, 1, 2], [0, 1, 1, 2], [1, 2, 3, 4]])
def test_an_order_names_each_feature_once(make_data: Callable[..., Dataset], order: list[int]) -> None:
    with pytest.raises(ValueError, match="each feature once"):
        reordered(make_data(), order)


def test_new_categories_have_the_levels_of_others(make_data: Callable[..., Dataset]) -> None:
    data = make_data(rows=12, widths=(1, 3))
    wider = with_features(data, ["a", "b"], data.x[::-1], data.features)
    assert wider.column_feature.tolist() == [0, 1, 1, 1, 2, 3, 3, 3]
    assert [feature.levels for feature in wider.features[2:]] == [(), data.features[1].levels]
    with pytest.raises(ValueError, match=r"shape \(12, 2\), expected \(12, 4\)"):
        with_features(data, ["a", "b"], data.x[:, :2], data.features)


def test_some_rows_are_another_table(make_data: Callable[..., Dataset]) -> None:
    data = make_data(rows=12)
    some = with_rows(data, [7, 2])
    np.testing.assert_array_equal(some.x, data.x[[7, 2]])
    np.testing.assert_array_equal(some.y, data.y[[7, 2]])
    np.testing.assert_array_equal(some.source_rows, data.source_rows[[7, 2]])
    assert some.groups is None
    assert some.sha256 not in {data.sha256, with_rows(data, [2, 7]).sha256}
    grouped = with_rows(replace(data, groups=np.arange(12) // 3), [7, 2])
    assert grouped.groups.tolist() == [2, 0]
