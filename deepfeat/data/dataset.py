"""The encoded table that networks are trained on."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.images.layout import Images

Task = Literal["binary", "multiclass", "multilabel", "regression"]


@dataclass(frozen=True)
class Feature:
    """One feature as the user named it, and where its encoded columns are.

    Attributes:
        name: as in the file; never escaped here (escaping belongs to where it is shown).
        start: first encoded column.
        stop: one past the last encoded column.
        levels: the categories, one per encoded column; empty for a number, and for a region of images.
    """

    name: str
    start: int
    stop: int
    levels: tuple[str, ...] = ()

    @property
    def is_category(self) -> bool:
        """Whether the feature was one-hot encoded."""
        return bool(self.levels)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A table ready for training: encoded, complete, but not scaled.

    Scaling is the business of each member, which may only look at its own training rows.

    Attributes:
        name: what the report calls the data.
        x: (rows, columns) float32 inputs; memory-mapped where the table is large.
        y: (rows, outputs) float32 targets: one 0/1 column for a binary task, one-hot for multiclass, 0/1 per
            label for multilabel, the raw value for regression.
        task: what the targets are.
        features: the original features, in the order of the file.
        classes: binary: the two class names, negative first; multiclass: the class of each output;
            multilabel: the name of each label; regression: the name of the target.
        groups: (rows,) int64 codes of the group column, rows of one group are never split; None without one.
        source_rows: (rows,) int64 1-based row numbers in the file (rows may have been dropped).
        notes: what was done to the data, a sentence each, for the log and the report.
        warnings: what looks wrong but does not stop the run, a sentence each.
        sha256: digest of everything above that influences training.
        images: where the rows are images, how their pixels are laid out; None for a table.
    """

    name: str
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    task: Task
    features: tuple[Feature, ...]
    classes: tuple[str, ...]
    source_rows: NDArray[np.int64]
    groups: NDArray[np.int64] | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    sha256: str = ""
    images: Images | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.x.shape[0])

    @property
    def n_columns(self) -> int:
        """Number of encoded columns (the width of the network's input)."""
        return int(self.x.shape[1])

    @property
    def n_features(self) -> int:
        """Number of original features (the length of a ranking)."""
        return len(self.features)

    @property
    def n_outputs(self) -> int:
        """Number of network outputs."""
        return int(self.y.shape[1])

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the original features, in the order of the file."""
        return tuple(feature.name for feature in self.features)

    @cached_property
    def column_feature(self) -> NDArray[np.int64]:
        """(columns,) index of the feature that each encoded column belongs to."""
        widths = [feature.stop - feature.start for feature in self.features]
        return np.repeat(np.arange(self.n_features, dtype=np.int64), widths)

    @cached_property
    def strata(self) -> NDArray[np.int64]:
        """(rows,) codes that random splits keep in proportion.

        The class (binary, multiclass), the combination of labels (multilabel), or the quintile of the target
        (regression).
        """
        codes: NDArray[np.int64]
        if self.task == "binary":
            codes = self.y[:, 0].astype(np.int64)
        elif self.task == "multiclass":
            codes = np.argmax(self.y, axis=1)
        elif self.task == "multilabel":
            codes = np.unique(self.y, axis=0, return_inverse=True)[1].reshape(-1)
        else:
            edges = np.quantile(self.y[:, 0], [0.2, 0.4, 0.6, 0.8])
            codes = np.searchsorted(edges, self.y[:, 0])
        return codes
