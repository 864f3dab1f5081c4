import numpy as np
import pytest

from deepfeat.data.dataset import Dataset, Feature, Task


def dataset(y: list[list[float]], task: Task) -> Dataset:
    return Dataset(
        name="t",
        x=np.zeros((len(y), 4), np.float32),
        y=np.array(y, np.float32),
        task=task,
        features=(Feature("a", 0, 1), Feature("b", 1, 4, ("u", "v", "w"))),
        classes=("y",),
        source_rows=np.arange(len(y)),
    )


def test_sizes_and_names() -> None:
    data = dataset([[0], [1]], "binary")
    assert (data.n_rows, data.n_columns, data.n_features, data.n_outputs) == (2, 4, 2, 1)
    assert data.feature_names == ("a", "b")
    assert data.column_feature.tolist() == [0, 1, 1, 1]
    assert [feature.is_category for feature in data.features] == [False, True]


@pytest.mark.parametrize(
    ("y", "task", "strata"),
    [
        ([[0], [1], [0]], "binary", [0, 1, 0]),
        ([[1, 0, 0], [0, 0, 1], [0, 1, 0]], "multiclass", [0, 2, 1]),
        ([[1, 0], [0, 0], [1, 0], [1, 1]], "multilabel", [1, 0, 1, 2]),
        ([[i] for i in range(10)], "regression", [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]),
    ],
)
def test_strata(y: list[list[float]], task: Task, strata: list[int]) -> None:
    found = dataset(y, task).strata
    assert found.dtype == np.int64
    assert found.tolist() == strata
