"""The first pass over a table: what each column holds, in memory that does not grow with the rows."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepfeat.data.cells import is_inexact_integer
from deepfeat.data.levels import LevelCounts
from deepfeat.data.reading import Chunk

# inputs and targets are 32-bit floats, in which numbers from here on round to infinity
_OVERFLOW = (2 - 2.0**-24) * 2.0**127
_SUSPICIOUS = 2.0**53
_EXAMINED = 1000


@dataclass(frozen=True)
class Found:
    """A cell worth a message: where it is and what it reads."""

    line: int
    text: str


@dataclass(frozen=True)
class ColumnSummary:
    """What one column holds.

    `missing` counts all rows of the file, the others the rows that are kept (with `data.missing: drop` those
    without a missing cell).

    Attributes:
        missing: cells that are missing.
        first_missing: line of the first of them, 0 if there is none.
        numbers: cells that are numbers.
        texts: cells that are there and no numbers.
        first_text: the first of them.
        low: smallest number, NaN without numbers.
        high: largest number, NaN without numbers.
        integral: whether every number is an integer.
        ordered: whether each row's number is above (or each below) that of the row before.
        overflow: first number that a 32-bit float cannot hold.
        inexact: first integer that a 64-bit float cannot hold.
        counts: the different values, if they were counted.
    """

    missing: int
    first_missing: int
    numbers: int
    texts: int
    first_text: Found | None
    low: float
    high: float
    integral: bool
    ordered: bool
    overflow: Found | None
    inexact: Found | None
    counts: LevelCounts | None


class Survey:
    """Statistics of all columns, filled chunk by chunk.

    Args:
        width: number of columns.
        counted: columns whose different values are counted from the start; text columns join when they show.
        drop: whether rows with a missing cell are left out.
    """

    def __init__(self, width: int, counted: Iterable[int], *, drop: bool) -> None:
        self._drop = drop
        self._counts = {column: LevelCounts() for column in counted}
        self._late: set[int] = set()
        self.rows_read = 0
        self.rows_kept = 0
        self._missing = np.zeros(width, dtype=np.int64)
        self._first_missing = np.zeros(width, dtype=np.int64)
        self._numbers = np.zeros(width, dtype=np.int64)
        self._texts = np.zeros(width, dtype=np.int64)
        self._low = np.full(width, np.nan)
        self._high = np.full(width, np.nan)
        self._integral = np.ones(width, dtype=bool)
        self._rising = np.ones(width, dtype=bool)
        self._falling = np.ones(width, dtype=bool)
        self._last_row: NDArray[np.float64] | None = None
        self._first_text: dict[int, Found] = {}
        self._overflow: dict[int, Found] = {}
        self._inexact: dict[int, Found] = {}

    @property
    def late_columns(self) -> frozenset[int]:
        """Text columns that began as numbers, so that their different values are not all counted."""
        return frozenset(self._late)

    @property
    def missing(self) -> NDArray[np.int64]:
        """(columns,) missing cells, in all rows of the file."""
        return self._missing

    def add(self, chunk: Chunk) -> None:
        """Take in further rows."""
        self.rows_read += len(chunk)
        self._missing += chunk.missing.sum(axis=0)
        _note_first(self._first_missing, chunk.missing, chunk.lines)
        kept = keep_rows(chunk, drop=self._drop)
        if len(kept) == 0:
            return
        self._add_texts(kept)
        self._add_numbers(kept)
        self._add_counts(kept)
        self.rows_kept += len(kept)

    def summary(self, column: int) -> ColumnSummary:
        """What is known of one column."""
        return ColumnSummary(
            missing=int(self._missing[column]),
            first_missing=int(self._first_missing[column]),
            numbers=int(self._numbers[column]),
            texts=int(self._texts[column]),
            first_text=self._first_text.get(column),
            low=float(self._low[column]),
            high=float(self._high[column]),
            integral=bool(self._integral[column] and self._numbers[column]),
            ordered=bool(self._rising[column] or self._falling[column]),
            overflow=self._overflow.get(column),
            inexact=self._inexact.get(column),
            counts=self._counts.get(column),
        )

    def _add_texts(self, chunk: Chunk) -> None:
        is_text = chunk.is_text
        found = is_text.sum(axis=0)
        for column in np.flatnonzero((self._texts == 0) & (found > 0)).tolist():
            row = int(is_text[:, column].argmax())
            text = chunk.texts(column)[row].as_py()
            self._first_text[column] = Found(int(chunk.lines[row]), text)
            if column not in self._counts:
                self._counts[column] = LevelCounts()
                if self.rows_kept:
                    self._late.add(column)
        self._texts += found
        self._numbers += len(chunk) - found - chunk.missing.sum(axis=0)

    def _add_numbers(self, chunk: Chunk) -> None:
        numbers = chunk.numbers
        self._low = np.fmin(self._low, np.fmin.reduce(numbers, axis=0))
        self._high = np.fmax(self._high, np.fmax.reduce(numbers, axis=0))
        self._integral &= ((np.floor(numbers) == numbers) | np.isnan(numbers)).all(axis=0)
        joined = numbers if self._last_row is None else np.vstack([self._last_row, numbers])
        self._rising &= (joined[1:] > joined[:-1]).all(axis=0)
        self._falling &= (joined[1:] < joined[:-1]).all(axis=0)
        self._last_row = numbers[-1].copy()
        large = np.abs(numbers) >= _SUSPICIOUS
        for column in np.flatnonzero(large.any(axis=0)).tolist():
            self._examine_large(chunk, column, np.flatnonzero(large[:, column])[:_EXAMINED])

    def _examine_large(self, chunk: Chunk, column: int, rows: NDArray[np.int64]) -> None:
        """Tell overflowing numbers and integers that lose digits from numbers that are just large."""
        texts = chunk.texts(column)
        for row in rows.tolist():
            text = texts[row].as_py()
            found = Found(int(chunk.lines[row]), text)
            if abs(chunk.numbers[row, column]) >= _OVERFLOW:
                self._overflow.setdefault(column, found)
            elif is_inexact_integer(text):
                self._inexact.setdefault(column, found)

    def _add_counts(self, chunk: Chunk) -> None:
        for column, counts in self._counts.items():
            if not counts.overflow:
                counts.add(chunk.texts(column), chunk.lines)


def keep_rows(chunk: Chunk, *, drop: bool) -> Chunk:
    """The rows that are used: all of them, or those without a missing cell."""
    complete: NDArray[np.bool_] = np.logical_not(chunk.missing.any(axis=1))
    return chunk.select(complete) if drop else chunk


def survey_table(chunks: Iterable[Chunk], width: int, counted: Iterable[int], *, drop: bool) -> Survey:
    """Survey a table, again where a column turned out to be text after it began as numbers.

    Args:
        chunks: the table; iterated more than once.
        width: number of columns.
        counted: columns whose different values matter whatever they hold.
        drop: whether rows with a missing cell are left out.
    """
    wanted = frozenset(counted)
    while True:
        survey = Survey(width, wanted, drop=drop)
        for chunk in chunks:
            survey.add(chunk)
        if not survey.late_columns:
            return survey
        wanted |= survey.late_columns


def _note_first(first: NDArray[np.int64], mask: NDArray[np.bool_], lines: NDArray[np.int64]) -> None:
    """Write the line of the first true cell of each column into `first`, where that is still 0."""
    new = np.flatnonzero((first == 0) & mask.any(axis=0))
    first[new] = lines[mask[:, new].argmax(axis=0)]
