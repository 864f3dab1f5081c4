"""What only the encoded rows show: copies, features that give the target away, and a target that is skewed.

Each block is looked at once, while it is encoded, and no inputs are kept.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.copies import CopiedFeatures, Duplicates
from deepfeat.data.dataset import Feature
from deepfeat.data.faults import quote, shorten
from deepfeat.data.remarks import listed
from deepfeat.data.target import Target

_LEAST_ROWS_PER_LEVEL = 4
_LINEAR = 1 - 1e-9
_SKEWED = 3.0
_CURE = "; if they would not be known before the outcome, list them in data.ignore."


class Checks:
    """All that is looked for in the encoded rows.

    Args:
        target: the task.
        features: the features, some of which are categories.
    """

    def __init__(self, target: Target, features: Sequence[Feature]) -> None:
        self._target = target
        self._leaks = Leaks(target, features)
        self._features = CopiedFeatures(features)
        self._rows = Duplicates()
        self._numbers: list[NDArray[np.float32]] = []

    def add(self, x: NDArray[np.float32], y: NDArray[np.float32]) -> None:
        """Take in encoded rows and their targets."""
        self._leaks.add(x, y)
        self._features.add(x)
        self._rows.add(x, y)
        if self._target.task == "regression":
            self._numbers.append(y[:, 0])

    def warnings(self, lines: NDArray[np.int64]) -> list[str]:
        """A sentence for each thing that was found.

        Args:
            lines: where each row is in the file.
        """
        skewed = _skewed(self._target, np.concatenate(self._numbers)) if self._numbers else None
        others = (self._features.warning(), self._rows.warning(lines), skewed)
        return self._leaks.warnings() + [warning for warning in others if warning is not None]


def _skewed(target: Target, values: NDArray[np.float32]) -> str | None:
    """A sentence if a few values of a target without zeros are many times as large as the others."""
    y = values.astype(np.float64)
    spread = float(y.std())
    if spread == 0 or y.min() <= 0:
        return None
    skewness = float((((y - y.mean()) / spread) ** 3).mean())
    if skewness <= _SKEWED:
        return None
    return (
        f"The target {quote(target.classes[0])} is strongly skewed (skewness {skewness:.1f}): a few large "
        "values decide what is learned. Its logarithm may be learned better: add it to the table as a "
        "column, and make that the target."
    )


class Leaks:
    """Finds features that equal the target, or tell its classes apart without a single mistake.

    Args:
        target: the task.
        features: the features, some of which are categories.
    """

    def __init__(self, target: Target, features: Sequence[Feature]) -> None:
        self._target = target
        self._features = features
        self._separation: list[_Separation] = []
        self._relation: _LinearRelation | None = None
        columns = features[-1].stop
        if target.task == "regression":
            self._relation = _LinearRelation(columns)
        else:
            outputs = len(target.classes) if target.task == "multilabel" else 1
            classes = len(target.classes) if target.task == "multiclass" else 2
            self._separation = [_Separation(classes, columns) for _ in range(outputs)]

    def add(self, x: NDArray[np.float32], y: NDArray[np.float32]) -> None:
        """Take in encoded rows and their targets."""
        if self._relation is not None:
            self._relation.add(x, y[:, 0])
        elif self._target.task == "multiclass":
            self._separation[0].add(x, y.argmax(axis=1))
        else:
            for separation, labels in zip(self._separation, y.T, strict=True):
                separation.add(x, labels.astype(np.int64))

    def warnings(self) -> list[str]:
        """A sentence for each kind of leak."""
        if self._relation is not None:
            exact = self._relation.exact()
            names = [
                shorten(feature.name)
                for feature in self._features
                if exact[feature.start] and not feature.levels
            ]
            return (
                [f"Features that are the target, or a multiple of it: {listed(names)}{_CURE}"]
                if names
                else []
            )
        found = [
            (shorten(feature.name), output)
            for output, separation in enumerate(self._separation)
            for feature in self._features
            if separation.is_perfect(feature)
        ]
        if not found:
            return []
        if self._target.task == "multilabel":
            names = [f"{name} ({shorten(self._target.classes[output])})" for name, output in found]
        else:
            names = [name for name, _ in found]
        return [f"Features that equal the target or separate its classes perfectly: {listed(names)}{_CURE}"]


class _Separation:
    """Range of every column, and number of ones, within each class."""

    def __init__(self, classes: int, columns: int) -> None:
        self._low = np.full((classes, columns), np.inf, dtype=np.float32)
        self._high = np.full((classes, columns), -np.inf, dtype=np.float32)
        self._rows = 0

    def add(self, x: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
        self._rows += len(x)
        for label in np.unique(labels).tolist():
            own = x[labels == label]
            # missing numbers are NaN here, and left out
            self._low[label] = np.fmin(self._low[label], np.fmin.reduce(own, axis=0))
            self._high[label] = np.fmax(self._high[label], np.fmax.reduce(own, axis=0))

    def is_perfect(self, feature: Feature) -> bool:
        """Whether the feature alone tells every class from every other."""
        low = self._low[:, feature.start : feature.stop]
        high = self._high[:, feature.start : feature.stop]
        if feature.levels:
            # a level that two classes share is not pure; with hardly a row per level everything is
            enough = self._rows >= _LEAST_ROWS_PER_LEVEL * len(feature.levels)
            return enough and bool(((high > 0).sum(axis=0) <= 1).all())
        order = np.argsort(low[:, 0])
        seen = np.isfinite(low).all()  # in every class
        return bool(seen and (high[order[:-1], 0] < low[order[1:], 0]).all())


class _LinearRelation:
    """Correlation of every column with the target in one pass, shifted by the first row for precision."""

    def __init__(self, columns: int) -> None:
        self._shift: NDArray[np.float64] | None = None
        self._target_shift = 0.0
        self._rows = 0
        self._x, self._xx, self._xy = np.zeros((3, columns))
        self._y = self._yy = 0.0

    def add(self, x: NDArray[np.float32], y: NDArray[np.float32]) -> None:
        if self._shift is None:
            self._shift = np.nan_to_num(x[0].astype(np.float64))
            self._target_shift = float(y[0])
        a = x.astype(np.float64) - self._shift
        b = y.astype(np.float64) - self._target_shift
        self._rows += len(x)
        self._x += a.sum(axis=0)
        self._xx += (a * a).sum(axis=0)
        self._xy += b @ a
        self._y += float(b.sum())
        self._yy += float(b @ b)

    def exact(self) -> NDArray[np.bool_]:
        """(columns,) whether the correlation is 1 or -1; never where a value is missing."""
        covariance = self._xy - self._x * self._y / self._rows
        variance = self._xx - self._x * self._x / self._rows
        target_variance = self._yy - self._y * self._y / self._rows
        with np.errstate(invalid="ignore", divide="ignore"):  # constant columns
            exact: NDArray[np.bool_] = np.abs(covariance) / np.sqrt(variance * target_variance) > _LINEAR
        return exact
