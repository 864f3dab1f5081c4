"""From the texts of a categorical column to codes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from deepfeat.data.levels import Level


@dataclass(frozen=True)
class Coding:
    """How the cells of one categorical column become codes 0, 1, ...

    Attributes:
        texts: every text that occurs.
        codes: (texts,) the code of each.
        names: (codes,) what the levels are called.
    """

    texts: tuple[str, ...]
    codes: NDArray[np.int64]
    names: tuple[str, ...]

    @classmethod
    def of(cls, levels: Sequence[Level]) -> "Coding":
        """The position of each level; several texts may mean one level (`1`, `1.0`)."""
        pairs = [(text, code) for code, level in enumerate(levels) for text in level.texts]
        return cls(
            texts=tuple(text for text, _ in pairs),
            codes=np.array([code for _, code in pairs], dtype=np.int64),
            names=tuple(level.name for level in levels),
        )

    def encode(self, texts: pa.Array) -> NDArray[np.int64]:
        """(rows,) codes, -1 where the text is missing, or none of those that occur."""
        places = pc.index_in(texts, value_set=pa.array(self.texts, pa.string()))
        found = np.array(pc.fill_null(places, -1).to_numpy(zero_copy_only=False), dtype=np.int64)
        return np.where(found < 0, -1, self.codes[found])
