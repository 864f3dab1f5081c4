"""Arrays as scikit-learn passes them, as the table that networks are trained on."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.multiclass import type_of_target

from deepfeat.data.dataset import Dataset, Feature, Task
from deepfeat.data.digest import fingerprint


def dataset_of(x: NDArray[np.floating], y: NDArray[np.generic], names: Sequence[str]) -> Dataset:
    """A table of numbers.

    Args:
        x: (rows, features) finite numbers.
        y: (rows,) classes or numbers, or (rows, labels) of 0 and 1.
        names: of the features.

    Raises:
        ValueError: the targets are of no kind that networks are trained on, or all the same.
    """
    kind = type_of_target(y, input_name="y")
    targets: NDArray[np.float32]
    task: Task
    if kind in ("binary", "multiclass"):
        levels, codes = np.unique(y, return_inverse=True)
        if len(levels) < 2:  # noqa: PLR2004 - nothing to tell apart
            raise ValueError("y has one class only; at least 2 are needed")
        classes = tuple(str(level) for level in levels)
        task = "binary" if len(levels) == 2 else "multiclass"  # noqa: PLR2004 - two classes
        targets = (
            codes[:, None].astype(np.float32)
            if task == "binary"
            else np.eye(len(levels), dtype=np.float32)[codes]
        )
    elif kind == "multilabel-indicator":
        task, targets = "multilabel", np.asarray(y).astype(np.float32)
        classes = tuple(f"label {number}" for number in range(targets.shape[1]))
    elif kind == "continuous":
        task, targets, classes = "regression", np.asarray(y).astype(np.float32)[:, None], ("y",)
    else:
        raise ValueError(f"Unknown label type: {kind}; give classes, numbers, or columns of 0 and 1")
    features = tuple(Feature(name, index, index + 1) for index, name in enumerate(names))
    inputs = np.ascontiguousarray(x, dtype=np.float32)
    return Dataset(
        name="X",
        x=inputs,
        y=targets,
        task=task,
        features=features,
        classes=classes,
        source_rows=np.arange(1, len(inputs) + 1),
        sha256=fingerprint(inputs, targets, task=task, features=features, classes=classes, groups=None),
    )
