"""The encoded inputs, filled row block by row block: in memory, or in a file that is then memory-mapped."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from deepfeat.errors import InputError, Problem

_BLOCK_BYTES = 16 * 1024 * 1024

Matrix = NDArray[np.float32]


class MatrixWriter(Protocol):
    """Where encoded rows go."""

    def append(self, block: Matrix) -> None:
        """Add rows."""
        ...

    def view(self) -> Matrix:
        """All rows added so far, not to be written to."""
        ...

    def replace_nan(self, values: Matrix) -> None:
        """Put `values` (columns,) wherever a cell is NaN."""
        ...

    def finish(self) -> Matrix:
        """The complete matrix."""
        ...


class MemoryMatrix:
    """A matrix in memory.

    Args:
        shape: (rows, columns).
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self._x = np.empty(shape, dtype=np.float32)
        self._rows = 0

    def append(self, block: Matrix) -> None:
        """Add rows."""
        self._x[self._rows : self._rows + len(block)] = block
        self._rows += len(block)

    def view(self) -> Matrix:
        """All rows added so far."""
        return self._x[: self._rows]

    def replace_nan(self, values: Matrix) -> None:
        """Put `values` (columns,) wherever a cell is NaN."""
        for start, block in row_blocks(self.view()):
            self._x[start : start + len(block)] = np.where(np.isnan(block), values, block)

    def finish(self) -> Matrix:
        """The complete matrix, read-only like one in a file."""
        self._x.setflags(write=False)
        return self._x


class FileMatrix:
    """A matrix in a file, written in order so that a full disk is an error and not a crash.

    The file has no name from the beginning, and disappears with its last user, whatever ends it.

    Args:
        shape: (rows, columns).
        scratch: the directory that it is on the disk of; None for the system's temporary one.

    Raises:
        InputError: the file cannot be written, here or in any method.
    """

    def __init__(self, shape: tuple[int, int], scratch: Path | None) -> None:
        self._shape = shape
        self._scratch = scratch
        self._row_bytes = 4 * shape[1]
        with self._reporting():
            self._file = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 - closed by `close`

    def append(self, block: Matrix) -> None:
        """Add rows."""
        with self._reporting():
            self._file.write(np.ascontiguousarray(block, dtype="<f4").tobytes())

    def view(self) -> Matrix:
        """All rows, once all were added."""
        with self._reporting():
            self._file.flush()
            return np.memmap(self._file, dtype="<f4", mode="r", shape=self._shape)

    def replace_nan(self, values: Matrix) -> None:
        """Put `values` (columns,) wherever a cell is NaN."""
        for start, block in row_blocks(self.view()):
            with self._reporting():
                self._file.seek(start * self._row_bytes)
                self._file.write(np.where(np.isnan(block), values, block).astype("<f4").tobytes())

    def finish(self) -> Matrix:
        """The complete matrix, mapped from its file."""
        return self.view()

    def close(self) -> None:
        """Write no more; what is mapped stays valid."""
        with suppress(OSError):
            self._file.close()

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        """A disk that is full or read-only is the user's to mend."""
        try:
            yield
        except OSError as error:
            cure = "use another output directory" if self._scratch else "set TMPDIR to another directory"
            size = self._shape[0] * self._row_bytes / 2**20
            message = (
                f"found no way to write the encoded table of {size:,.0f} MiB here "
                f"({error.strerror or error}); free space, or {cure}"
            )
            where = self._scratch or tempfile.gettempdir()
            raise InputError(Problem(str(where), 0, 0, message)) from error


@contextmanager
def open_matrix(shape: tuple[int, int], scratch: Path | None, memory_limit: int) -> Iterator[MatrixWriter]:
    """A place for a matrix of `shape`: memory, or over the limit a file without a name.

    Args:
        shape: (rows, columns).
        scratch: a directory on the disk for that file; None for the system's temporary one.
        memory_limit: bytes up to which a matrix is held in memory.

    Raises:
        InputError: the file cannot be written.
    """
    if 4 * shape[0] * shape[1] <= memory_limit:
        yield MemoryMatrix(shape)
        return
    with closing(FileMatrix(shape, scratch)) as writer:
        yield writer


def row_blocks(x: Matrix) -> Iterator[tuple[int, Matrix]]:
    """The rows of a matrix that may be larger than memory: first row and rows of each block."""
    rows = max(1, _BLOCK_BYTES // max(1, 4 * x.shape[1]))
    for start in range(0, len(x), rows):
        yield start, x[start : start + rows]


def column_medians(x: Matrix, columns: NDArray[np.int64], memory_limit: int) -> Matrix:
    """(columns,) median of some columns, NaN left out, in blocks that fit the limit.

    Args:
        x: (rows, all columns).
        columns: which of them; each has a number in at least one row.
        memory_limit: bytes that a block may take.
    """
    at_once = max(1, memory_limit // max(1, 8 * len(x)))
    parts = [
        np.nanmedian(np.asarray(x[:, columns[start : start + at_once]], dtype=np.float64), axis=0)
        for start in range(0, len(columns), at_once)
    ]
    return np.concatenate(parts).astype(np.float32) if parts else np.empty(0, np.float32)
