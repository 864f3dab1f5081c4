"""The encoded inputs, filled row block by row block: in memory, or in a file that is then memory-mapped."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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

    def finish(self, digest: str) -> Matrix:
        """The complete matrix; `digest` names its content."""
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

    def finish(self, digest: str) -> Matrix:  # noqa: ARG002 (a matrix in memory needs no name)
        """The complete matrix, read-only like one in a file."""
        self._x.setflags(write=False)
        return self._x


class FileMatrix:
    """A matrix in a `.npy` file, written in order so that a full disk is an error and not a crash.

    Args:
        shape: (rows, columns).
        directory: where the file goes.
        keep: whether it gets a name of its own; otherwise it disappears with its last user.

    Raises:
        InputError: the file cannot be written, here or in any method.
    """

    def __init__(self, shape: tuple[int, int], directory: Path, *, keep: bool) -> None:
        self._directory = directory
        self._keep = keep
        self._row_bytes = 4 * shape[1]
        self._size = shape[0] * self._row_bytes
        with self._reporting():
            directory.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix=".encoding-", suffix=".npy", dir=directory)
            self._path = Path(name)
            self._file = os.fdopen(descriptor, "r+b")
            header = {"descr": "<f4", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(self._file, header)
            self._start = self._file.tell()

    def append(self, block: Matrix) -> None:
        """Add rows."""
        with self._reporting():
            self._file.write(np.ascontiguousarray(block, dtype="<f4").tobytes())

    def view(self) -> Matrix:
        """All rows, once all were added."""
        with self._reporting():
            self._file.flush()
        return _open(self._path)

    def replace_nan(self, values: Matrix) -> None:
        """Put `values` (columns,) wherever a cell is NaN."""
        for start, block in row_blocks(self.view()):
            with self._reporting():
                self._file.seek(self._start + start * self._row_bytes)
                self._file.write(np.where(np.isnan(block), values, block).astype("<f4").tobytes())

    def finish(self, digest: str) -> Matrix:
        """The complete matrix, mapped from its file."""
        with self._reporting():
            self._file.close()
            if self._keep:
                self._path = self._path.replace(self._directory / f"x-{digest[:16]}.npy")
        x = _open(self._path)
        if not self._keep:
            self.discard()
        return x

    def discard(self) -> None:
        """Remove the file; a mapping of it stays valid."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._path.unlink()

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        """A disk that is full or read-only is the user's to mend."""
        try:
            yield
        except OSError as error:
            message = (
                f"found no way to write the encoded table of {self._size / 2**20:,.0f} MiB here "
                f"({error.strerror or error}); free space, or use another output directory"
            )
            raise InputError(Problem(str(self._directory), 0, 0, message)) from error


@contextmanager
def open_matrix(shape: tuple[int, int], cache: Path | None, memory_limit: int) -> Iterator[MatrixWriter]:
    """A place for a matrix of `shape`.

    Args:
        shape: (rows, columns).
        cache: a directory where the matrix is kept as a file; without it, only a matrix over the limit goes
            to a file, in the system's directory for temporary files, which disappears by itself.
        memory_limit: bytes up to which a matrix without `cache` is held in memory.

    Raises:
        InputError: the file cannot be written.
    """
    if cache is None and 4 * shape[0] * shape[1] <= memory_limit:
        yield MemoryMatrix(shape)
        return
    directory = Path(tempfile.gettempdir()) if cache is None else cache
    writer = FileMatrix(shape, directory, keep=cache is not None)
    try:
        yield writer
    except BaseException:
        writer.discard()
        raise


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


def _open(path: Path) -> Matrix:
    x: Matrix = np.load(path, mmap_mode="r", allow_pickle=False)
    return x
