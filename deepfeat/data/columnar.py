"""Parquet as a source of chunks, read batch by batch within row groups, never as a whole."""

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from deepfeat.data.cells import MissingMarks, parse, to_float
from deepfeat.data.faults import Faults, quote, shorten
from deepfeat.data.header import check_names
from deepfeat.data.reading import CHUNK_BYTES, CHUNK_CELLS, Chunk
from deepfeat.errors import InputError, Problem

_LEAST_BUFFER = 4096
_INDEX_PREFIX = "__index_level_"
# what pyarrow raises for files that are damaged, encrypted or use an unknown codec
_UNREADABLE = (pa.ArrowException, OSError, UnicodeDecodeError, OverflowError)


class ParquetSource:
    """A Parquet table of numbers, texts and booleans.

    Args:
        path: the file.
        marks: what missing cells look like, beside nulls and NaN.
        faults: where faults of names go.
        chunk_cells: cells per chunk.

    Attributes:
        names: every column of the file.
        header: 0, names are in no row.

    Raises:
        InputError: the file is damaged, or two of its columns have one name.
    """

    header = 0

    def __init__(
        self, path: Path, marks: MissingMarks, faults: Faults, *, chunk_cells: int = CHUNK_CELLS
    ) -> None:
        self._path = path
        self._marks = marks
        self._chunk_cells = chunk_cells
        try:
            with pq.ParquetFile(path) as file:
                self._schema = file.schema_arrow
                self._row_bytes = _row_bytes(file.metadata)
        except _UNREADABLE as error:
            raise self._damaged(error) from error
        self.names: Sequence[str] = tuple(name.strip() for name in self._schema.names)
        check_names(self.names, 0, faults)
        if len(set(self._schema.names)) < len(self._schema.names):  # columns of one name cannot be read apart
            faults.raise_if_any()

    def refuse(self, columns: Sequence[int], categories: Collection[int], faults: Faults) -> frozenset[int]:
        """The columns whose type is neither number, text nor boolean.

        Args:
            columns: columns that are wanted, as indices into `names`.
            categories: those of them that the user declared as categories, where dates are welcome.
            faults: gets a line for each that is refused.
        """
        refused = set()
        for column in columns:
            name = quote(self.names[column])
            kind = _value_type(self._schema.field(column).type)
            is_time = pa.types.is_temporal(kind)
            if self.names[column].startswith(_INDEX_PREFIX):
                message = f"found {name}, row numbers that pandas wrote; list it in data.ignore"
            elif is_time and column not in categories:
                cure = "turn them into numbers, or list it in data.ignore"
                message = f"found dates or times ({kind}) in {name}; {cure}"
            elif not is_time and not _is_plain(kind):
                message = f"found values of type {shorten(str(kind))} in {name}; list it in data.ignore"
            else:
                continue
            faults.add("columns of a type that is no input", 0, 0, message)
            refused.add(column)
        return frozenset(refused)

    def chunks(self, used: Sequence[int]) -> Iterator[Chunk]:
        """The rows, with the columns `used` in that order.

        Args:
            used: columns, as indices into `names`, that `refuse` had nothing against.

        Raises:
            InputError: a part of the file is damaged.
        """
        all_names = self._schema.names  # made anew each time it is asked for
        names = [all_names[column] for column in used]
        rows_per_chunk = max(1, min(self._chunk_cells // len(used), CHUNK_BYTES // self._row_bytes))
        # columns are read through buffers of about what they yield at once, not whole row groups
        buffer = max(_LEAST_BUFFER, 8 * rows_per_chunk)
        read = 0
        try:
            with pq.ParquetFile(
                self._path, buffer_size=buffer, pre_buffer=False, page_checksum_verification=True
            ) as file:
                for batch in file.iter_batches(batch_size=rows_per_chunk, columns=names, use_threads=False):
                    columns = [self._column(batch.column(name)) for name in names]
                    yield _chunk(columns, read)
                    read += batch.num_rows
        except _UNREADABLE as error:
            raise self._damaged(error, read + 1) from error

    def _column(self, values: pa.Array) -> "_Column":
        """One column taken apart, whatever its type."""
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        if pa.types.is_boolean(values.type):
            values = pc.if_else(values, "True", "False")  # as pandas writes them to CSV
        if not _is_number(values.type):
            cells = parse(pc.cast(values, pa.string()), self._marks)
            return _Column(cells.numbers, cells.missing, lambda: cells.texts, cells.texts.nbytes)
        numbers = to_float(pc.cast(values, pa.float64(), safe=False))
        missing = np.isnan(numbers)
        if self._marks.numbers:
            missing |= np.isin(numbers, self._marks.numbers)
            numbers[missing] = np.nan

        def texts() -> pa.Array:  # few columns of numbers are ever asked for them
            return pc.if_else(pa.array(missing), None, pc.cast(values, pa.string()))

        return _Column(numbers, missing, texts, values.nbytes)

    def _damaged(self, error: Exception, row: int = 0) -> InputError:
        reason = shorten(str(error).splitlines()[0] if str(error) else type(error).__name__, 100)
        message = f"found a Parquet file that cannot be read ({reason}); copy or write it again"
        return InputError(Problem(str(self._path), row, 0, message))


class _Column(NamedTuple):
    """One column of a batch: as in `Cells`, but that the texts are made when they are asked for."""

    numbers: NDArray[np.float64]
    missing: NDArray[np.bool_]
    texts: Callable[[], pa.Array]
    nbytes: int


def _chunk(columns: Sequence[_Column], read: int) -> Chunk:
    """Columns side by side; `read` rows came before them."""
    rows = len(columns[0].missing)
    return Chunk(
        lines=np.arange(read + 1, read + 1 + rows, dtype=np.int64),
        numbers=np.stack([column.numbers for column in columns], axis=1),
        missing=np.stack([column.missing for column in columns], axis=1),
        whole_column=lambda column: columns[column].texts(),
        rows=np.arange(rows),
        text_bytes=sum(column.nbytes for column in columns),
    )


def _row_bytes(metadata: pq.FileMetaData) -> int:
    """Bytes of a row, uncompressed, in the row group where they are most."""
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    sizes: list[int] = [group.total_byte_size // max(1, group.num_rows) for group in groups]
    return max([1, *sizes])


def _value_type(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _is_plain(kind: pa.DataType) -> bool:
    types = pa.types
    is_text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    return bool(_is_number(kind) or types.is_boolean(kind) or types.is_null(kind) or is_text)
