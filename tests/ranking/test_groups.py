"""Features ranked as one."""

import numpy as np
import pytest

from deepfeat.ranking.groups import (
    Group,
    cluster_groups,
    given_groups,
    one_hot_groups,
    rank_groups,
)

NAMES = ["a", "b", "c", "d"]


def test_named_groups() -> None:
    groups = given_groups({"all": NAMES, "pair": ["d", "b"]}, NAMES)
    assert groups == [Group("all", "given", (0, 1, 2, 3)), Group("pair", "given", (1, 3))]
    with pytest.raises(KeyError):
        given_groups({"x": ["zzz"]}, NAMES)


def test_clusters_are_named_after_their_first_feature() -> None:
    assert cluster_groups([(0, 2), (1,), (3,)], NAMES) == [
        Group("a and 1 more", "cluster", (0, 2)),
        Group("b", "cluster", (1,)),
        Group("d", "cluster", (3,)),
    ]


def test_one_hot_columns_are_found() -> None:
    colour, size = np.arange(60) % 3, (np.arange(60) // 3) % 2
    x = np.concatenate([np.arange(60.0)[:, None], np.eye(3)[colour], np.eye(2)[size]], axis=1)
    names = ["age", "colour_red", "colour_green", "colour_blue", "size=s", "size=l"]
    assert one_hot_groups(x, np.arange(6), names) == [
        Group("colour", "one_hot", (1, 2, 3)),
        Group("size", "one_hot", (4, 5)),
    ]
    # without a shared beginning they are two unrelated columns that happen to exclude each other
    assert one_hot_groups(x[:, 4:], np.arange(2), ["small", "old"]) == []
    # a row without any of them
    x[0, 1:4] = 0
    assert [g.name for g in one_hot_groups(x, np.arange(6), names)] == ["size"]


@pytest.mark.parametrize("row", [0, 1, 4999])
def test_of_a_long_table_every_row_counts(row: int) -> None:
    x = np.eye(2, dtype=np.float32)[np.arange(5000) % 2]
    assert [g.name for g in one_hot_groups(x, np.arange(2), ["drug_a", "drug_b"])] == ["drug"]
    x[row] = 0
    assert one_hot_groups(x, np.arange(2), ["drug_a", "drug_b"]) == []


def test_a_groups_share_is_the_sum_of_its_features_shares() -> None:
    scores = {"m": np.array([[0.4, 0.3, 0.2, 0.1], [0.5, 0.1, 0.3, 0.1]])}
    groups = [
        Group("ab", "given", (0, 1)),
        Group("cd", "given", (2, 3)),
        Group("x", "cluster", (3,)),
        Group("x", "cluster", (0,)),
    ]
    table = rank_groups(groups, NAMES, scores, resamples=100)
    assert table["group"].tolist() == ["ab", "cd", "x (2)", "x"]
    assert table["kind"].tolist() == ["given", "given", "cluster", "cluster"]
    assert table["size"].tolist() == [2, 2, 1, 1]
    assert table["features"].tolist() == [["a", "b"], ["c", "d"], ["a"], ["d"]]
    assert table["importance"].tolist() == pytest.approx([0.65, 0.35, 0.45, 0.1])
    assert table["rank"].tolist() == [1, 2, 1, 2]
    assert rank_groups([], NAMES, scores).empty
