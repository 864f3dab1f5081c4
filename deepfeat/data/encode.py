"""From a survey to inputs: numbers stay one column, categories become one column for each level."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.coding import Coding
from deepfeat.data.columns import Roles
from deepfeat.data.dataset import Feature
from deepfeat.data.levels import Level
from deepfeat.data.reading import Chunk


@dataclass(frozen=True)
class Category:
    """A used column that is one-hot encoded.

    Attributes:
        used: the column.
        start: its first encoded column.
        coding: from texts to levels.
        fill: the level that stands for a missing cell, the most frequent one.
    """

    used: int
    start: int
    coding: Coding
    fill: int


@dataclass(frozen=True)
class Encoder:
    """How the rows of a table become inputs.

    Attributes:
        features: the features, in the order of the file.
        numbers: (numbers,) used column of each number.
        places: (numbers,) encoded column of each number.
        categories: the other features.
    """

    features: tuple[Feature, ...]
    numbers: NDArray[np.int64]
    places: NDArray[np.int64]
    categories: tuple[Category, ...]

    @classmethod
    def of(cls, roles: Roles, levels: Mapping[int, Sequence[Level]]) -> "Encoder":
        """Lay out the encoded columns.

        Args:
            roles: the features.
            levels: of each used column that is a category.
        """
        features: list[Feature] = []
        categories: list[Category] = []
        numbers: list[tuple[int, int]] = []
        start = 0
        for used in roles.features:
            own = levels.get(used, ())
            stop = start + max(1, len(own))
            features.append(Feature(roles.names[used], start, stop, tuple(level.name for level in own)))
            if own:
                # of equally frequent levels the first one
                fill = max(range(len(own)), key=lambda code, own=own: (own[code].rows, -code))  # type: ignore[misc]
                categories.append(Category(used, start, Coding.of(own), fill))
            else:
                numbers.append((used, start))
            start = stop
        pairs = np.array(numbers, dtype=np.int64).reshape(-1, 2)
        return cls(tuple(features), pairs[:, 0], pairs[:, 1], tuple(categories))

    @property
    def n_columns(self) -> int:
        """Number of encoded columns."""
        return self.features[-1].stop

    def encode(self, chunk: Chunk) -> NDArray[np.float32]:
        """(rows, columns) float32 inputs of some rows, NaN where a number is missing."""
        x = np.zeros((len(chunk), self.n_columns), dtype=np.float32)
        x[:, self.places] = chunk.numbers[:, self.numbers]
        rows = np.arange(len(chunk))
        for category in self.categories:
            codes = category.coding.encode(chunk.texts(category.used))
            x[rows, category.start + np.where(codes < 0, category.fill, codes)] = 1.0
        return x
