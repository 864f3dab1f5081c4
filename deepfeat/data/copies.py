"""Copies among the encoded rows and among the features.

Each block is looked at once, while it is encoded, and no rows are kept.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.dataset import Feature
from deepfeat.data.faults import shorten
from deepfeat.data.remarks import listed


class Duplicates:
    """Counts rows whose inputs and targets repeat those of an earlier row."""

    def __init__(self) -> None:
        self._hashes: list[NDArray[np.int64]] = []

    def add(self, x: NDArray[np.float32], y: NDArray[np.float32]) -> None:
        """Take in encoded rows and their targets."""
        rows = np.concatenate([x, y], axis=1)
        self._hashes.append(np.fromiter((hash(row.tobytes()) for row in rows), np.int64, len(rows)))

    def warning(self, lines: NDArray[np.int64]) -> str | None:
        """A sentence if there are any.

        Args:
            lines: where each row is in the file.
        """
        hashes = np.concatenate(self._hashes)
        _, first, which = np.unique(hashes, return_index=True, return_inverse=True)
        copies = np.flatnonzero(first[which] != np.arange(len(hashes)))
        if len(copies) == 0:
            return None
        copy = int(copies[0])
        original = int(first[which[copy]])
        return (
            f"Copies of rows: {len(copies):,} of {len(hashes):,} rows repeat an earlier one (first: line "
            f"{lines[copy]} repeats line {lines[original]}); copies on both sides of a split make scores "
            "look too good: remove them, or keep them together with data.group."
        )


class CopiedFeatures:
    """Finds features whose encoded columns are those of an earlier feature.

    Args:
        features: the features.
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        self._features = features
        columns = features[-1].stop
        self._digests = [0] * columns
        self._low = np.full(columns, np.inf, dtype=np.float32)
        self._high = np.full(columns, -np.inf, dtype=np.float32)

    def add(self, x: NDArray[np.float32]) -> None:
        """Take in encoded rows."""
        columns = np.ascontiguousarray(x.T)
        self._digests = [
            hash((digest, column.tobytes())) for digest, column in zip(self._digests, columns, strict=True)
        ]
        # missing numbers are NaN here, and left out
        self._low = np.fmin(self._low, np.fmin.reduce(x, axis=0))
        self._high = np.fmax(self._high, np.fmax.reduce(x, axis=0))

    def warning(self) -> str | None:
        """A sentence if there are any; constant columns are told elsewhere."""
        varies = self._high > self._low
        first: dict[tuple[int, ...], str] = {}
        copies = []
        for feature in self._features:
            if not varies[feature.start : feature.stop].any():
                continue
            original = first.setdefault(tuple(self._digests[feature.start : feature.stop]), feature.name)
            if original != feature.name:
                copies.append(f"{shorten(feature.name)} (of {shorten(original)})")
        if not copies:
            return None
        return (
            f"Features that are copies of another: {listed(copies)}; they share what each of them is worth: "
            "list the copies in data.ignore."
        )
