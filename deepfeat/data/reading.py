"""A table as a stream of chunks, whatever its format: all that surveying and encoding know of files."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from deepfeat.data.faults import Faults
from deepfeat.errors import InputError, Problem

CHUNK_CELLS = 1_000_000
"""Cells per chunk; with its text, a chunk of numbers takes about 100 bytes per cell while it is read."""

CHUNK_BYTES = 64 * 1024 * 1024
"""Bytes of the file per chunk, which are fewer cells where texts are long."""


@dataclass(frozen=True)
class Chunk:
    """Consecutive rows of the used columns.

    Attributes:
        lines: (rows,) where each row is: its line in a text file, its number in a Parquet file.
        numbers: (rows, columns) float64, NaN where the cell is missing or no number.
        missing: (rows, columns) bool.
        whole_column: the texts of a column for all rows that were read, null where missing.
        rows: (rows,) which of those are in this chunk.
        text_bytes: memory that the texts take.
    """

    lines: NDArray[np.int64]
    numbers: NDArray[np.float64]
    missing: NDArray[np.bool_]
    whole_column: Callable[[int], pa.Array]
    rows: NDArray[np.int64]
    text_bytes: int

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.lines)

    @property
    def nbytes(self) -> int:
        """About what the chunk takes in memory."""
        return self.numbers.nbytes + self.missing.nbytes + self.text_bytes

    @property
    def is_text(self) -> NDArray[np.bool_]:
        """(rows, columns) whether the cell is there and is no number."""
        text: NDArray[np.bool_] = np.isnan(self.numbers) & ~self.missing
        return text

    def texts(self, column: int) -> pa.Array:
        """(rows,) texts of one column, null where missing."""
        return self.whole_column(column).take(pa.array(self.rows))

    def select(self, keep: NDArray[np.bool_]) -> "Chunk":
        """The chunk with only the rows where `keep` is true."""
        if keep.all():
            return self
        return replace(
            self,
            lines=self.lines[keep],
            numbers=self.numbers[keep],
            missing=self.missing[keep],
            rows=self.rows[keep],
        )


class Source(Protocol):
    """A table that can be read any number of times.

    Attributes:
        names: every column of the file.
        header: line that the names are in, 0 if they are not in a line of the file.
    """

    names: Sequence[str]
    header: int

    def refuse(self, columns: Sequence[int], categories: Collection[int], faults: Faults) -> frozenset[int]:
        """Those of `columns` that cannot be inputs because of their type, after adding their faults."""
        ...

    def chunks(self, used: Sequence[int]) -> Iterator[Chunk]:
        """The rows, with the columns `used` (indices into `names`) in that order."""
        ...


class Replay:
    """Reads a source again and again, from memory after the first time if it is small.

    Args:
        source: what to read.
        used: columns to read.
        path: the file, which must not change between two readings.
        memory_limit: bytes of chunks that are kept; a larger table is read from disk each time.
    """

    def __init__(self, source: Source, used: Sequence[int], path: Path, memory_limit: int) -> None:
        self._source = source
        self._used = used
        self._path = path
        self._memory_limit = memory_limit
        self._identity = _identity(path)
        self._kept: list[Chunk] | None = None

    def __iter__(self) -> Iterator[Chunk]:
        """The chunks of the table from its first row.

        Raises:
            InputError: the file was changed while it was being read.
        """
        if self._kept is not None:
            yield from self._kept
            return
        kept: list[Chunk] = []
        size = 0
        for chunk in self._source.chunks(self._used):
            size += chunk.nbytes
            if size <= self._memory_limit:
                kept.append(chunk)
            else:
                kept.clear()
            yield chunk
        if _identity(self._path) != self._identity:
            raise InputError(
                Problem(
                    str(self._path),
                    0,
                    0,
                    "found a file that changed while it was read; run again when it is complete",
                )
            )
        if size <= self._memory_limit:
            self._kept = kept


def _identity(path: Path) -> tuple[int, int, int]:
    """Inode, size and time of change of a file."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns
