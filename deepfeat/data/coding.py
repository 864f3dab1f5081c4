"""From the texts of a categorical column to codes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from deepfeat.data.cells import is_number, number_name
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
        """(rows,) codes, -1 where the text is missing, or means none of the levels."""
        known = {**dict(zip(self.texts, self.codes.tolist(), strict=True)), **self._other_numbers(texts)}
        places = pc.index_in(texts, value_set=pa.array([*known], pa.string()))
        found = np.array(pc.fill_null(places, -1).to_numpy(zero_copy_only=False), dtype=np.int64)
        return np.where(found < 0, -1, np.array([*known.values()], dtype=np.int64)[found])

    def _other_numbers(self, texts: pa.Array) -> dict[str, int]:
        """Codes of texts that do not occur, but are numbers that do: another table may write `1` as `1.0`."""
        codes = {name: code for code, name in enumerate(self.names)}
        if not all(is_number(name) for name in codes):
            return {}
        rest = set(pc.unique(texts).to_pylist()) - {*self.texts, None}
        named = {text: number_name(float(text)) for text in rest if is_number(text)}
        return {text: codes[name] for text, name in named.items() if name in codes}
