"""From a made table to the encoded one that networks are trained on."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.dataset import Dataset, Feature, Task
from deepfeat.data.digest import fingerprint

if TYPE_CHECKING:
    import pandas as pd


def encode(
    name: str,
    x: "NDArray[np.float64] | pd.DataFrame",
    y: NDArray[np.int64] | NDArray[np.float64],
    task: Task,
    feature_names: tuple[str, ...],
) -> Dataset:
    """One-hot categories, gaps filled by median or most frequent category, targets one column per output.

    Args:
        name: of the data.
        x: (n, p) numbers, or a DataFrame of p columns, those that are not numeric being categories.
        y: (n,) class numbers or values.
        task: `binary`, `multiclass` or `regression`.
        feature_names: (p,) names.

    Returns:
        The dataset, of p features.
    """
    if isinstance(x, np.ndarray):
        columns, features, notes = _numeric(x, feature_names)
    else:
        columns, features, notes = _mixed(x, feature_names)
    targets, classes = _targets(y, task)
    return Dataset(
        name=name,
        x=columns,
        y=targets,
        task=task,
        features=features,
        classes=classes,
        source_rows=np.arange(1, len(y) + 1, dtype=np.int64),
        notes=notes,
        sha256=fingerprint(columns, targets, task=task, features=features, classes=classes, groups=None),
    )


Encoded = tuple[NDArray[np.float32], tuple[Feature, ...], tuple[str, ...]]
"""Columns, features and notes."""


def _numeric(x: NDArray[np.float64], feature_names: tuple[str, ...]) -> Encoded:
    features = tuple(Feature(label, j, j + 1) for j, label in enumerate(feature_names))
    return x.astype(np.float32), features, ()


def _mixed(frame: "pd.DataFrame", feature_names: tuple[str, ...]) -> Encoded:
    from pandas.api.types import is_numeric_dtype  # noqa: PLC0415 (only this family needs pandas)

    blocks: list[NDArray[np.float32]] = []
    features: list[Feature] = []
    notes: list[str] = []
    start = 0
    for label, (_, column) in zip(feature_names, frame.items(), strict=True):
        gaps = int(column.isna().sum())
        if is_numeric_dtype(column):
            levels: tuple[str, ...] = ()
            block = column.fillna(column.median()).to_numpy(np.float32)[:, None]
            filled_with = "the median"
        else:
            filled = column.fillna(column.mode()[0]).astype(str).to_numpy()
            levels = tuple(np.unique(filled).tolist())
            block = (filled[:, None] == np.array(levels)).astype(np.float32)
            filled_with = "the most frequent category"
        if gaps:
            notes.append(f"{label}: {gaps} missing values were replaced by {filled_with}.")
        features.append(Feature(label, start, start + block.shape[1], levels))
        start += block.shape[1]
        blocks.append(block)
    return np.hstack(blocks), tuple(features), tuple(notes)


def _targets(
    y: NDArray[np.int64] | NDArray[np.float64], task: Task
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    if task == "regression":
        return y.astype(np.float32)[:, None], ("y",)
    if task == "binary":
        return y.astype(np.float32)[:, None], ("0", "1")
    n_classes = int(y.max()) + 1
    one_hot = np.eye(n_classes, dtype=np.float32)[y.astype(np.int64)]
    return one_hot, tuple(str(label) for label in range(n_classes))
