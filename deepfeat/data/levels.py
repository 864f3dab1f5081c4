"""Counting the different values of a column: the categories of a feature, the classes of a target."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deepfeat.data.cells import is_number, number_name
from deepfeat.data.faults import quote

COUNTED_LEVELS = 1000
"""Different values that are counted; a column with more is never a category."""


@dataclass(frozen=True)
class Level:
    """One category or class.

    Attributes:
        name: what it is called; numbers lose needless digits, so `1` and `1.0` are one level.
        texts: the texts of the file that mean it.
        rows: how many rows have it.
        line: where it is first seen.
    """

    name: str
    texts: tuple[str, ...]
    rows: int
    line: int


@dataclass
class LevelCounts:
    """The different texts of one column, up to `COUNTED_LEVELS`.

    Attributes:
        rows: how often each is seen.
        line: where each is first seen.
        overflow: whether there are more than are counted.
    """

    rows: dict[str, int] = field(default_factory=dict)
    line: dict[str, int] = field(default_factory=dict)
    overflow: bool = False

    def add(self, texts: pa.Array, lines: NDArray[np.int64]) -> None:
        """Count further texts; nulls are missing and not counted."""
        present = texts.is_valid().to_numpy(zero_copy_only=False)
        encoded = texts.filter(pa.array(present)).dictionary_encode()
        codes = np.asarray(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
        known, first, counts = np.unique(codes, return_index=True, return_counts=True)
        if len(known) > COUNTED_LEVELS:
            self._give_up()
            return
        names = encoded.dictionary.to_pylist()
        where = lines[present][first]
        for code, line, count in zip(known.tolist(), where.tolist(), counts.tolist(), strict=True):
            self.rows[names[code]] = self.rows.get(names[code], 0) + count
            self.line.setdefault(names[code], line)
        if len(self.rows) > COUNTED_LEVELS:
            self._give_up()

    def _give_up(self) -> None:
        self.overflow = True
        self.rows.clear()
        self.line.clear()

    def levels(self) -> tuple[Level, ...]:
        """The levels in order: by value if all are numbers, else by text."""
        if all(is_number(text) for text in self.rows):
            merged: dict[float, list[str]] = {}
            for text in self.rows:
                merged.setdefault(float(text), []).append(text)
            return tuple(self._level(number_name(value), merged[value]) for value in sorted(merged))
        return tuple(self._level(text, [text]) for text in sorted(self.rows))

    def _level(self, name: str, texts: Iterable[str]) -> Level:
        ordered = tuple(sorted(texts))
        return Level(
            name, ordered, sum(self.rows[text] for text in ordered), min(self.line[text] for text in ordered)
        )


def spelled_alike(names: Iterable[str]) -> list[str]:
    """The names that differ in nothing but case and space, those of one kind together: `'no' and 'No'`.

    Args:
        names: of levels or classes.
    """
    spellings: dict[str, list[str]] = {}
    for name in names:
        spellings.setdefault(" ".join(name.casefold().split()), []).append(name)
    return [" and ".join(map(quote, same)) for same in spellings.values() if len(same) > 1]
