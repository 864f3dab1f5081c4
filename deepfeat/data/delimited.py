"""Delimited text (CSV, TSV) as a source of chunks: header or names file, even rows, cells taken apart."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from operator import itemgetter
from pathlib import Path

import numpy as np
import pyarrow as pa

from deepfeat.data.cells import MissingMarks, parse
from deepfeat.data.faults import Faults, quote, shorten
from deepfeat.data.header import TARGET_NAME, canonical, check_names, looks_like_data, read_names
from deepfeat.data.reading import CHUNK_BYTES, CHUNK_CELLS, Chunk
from deepfeat.data.records import Record, read_records
from deepfeat.errors import InputError, Problem
from deepfeat.writing.labels import counted

_TAB_SUFFIXES = frozenset({".tsv", ".tab"})
_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas", " ": "blanks"}
_UNEVEN = "rows of another length"


class DelimitedSource:
    """A text table, with a header or with the names of a names file.

    Args:
        path: the file.
        delimiter: what separates values; None takes a tab for `.tsv` and `.tab`, else a comma.
        names_path: a file with the names of all columns, or of all but the last; None reads a header.
        marks: what missing cells look like.
        faults: where faults of names go now, and those of rows while they are read.
        chunk_cells: cells per chunk.

    Attributes:
        names: every column of the file.
        header: line that the names are in, 0 with a names file.

    Raises:
        InputError: the columns cannot be told apart or named, so that nothing else can be checked.
    """

    def __init__(
        self,
        path: Path,
        delimiter: str | None,
        names_path: Path | None,
        marks: MissingMarks,
        faults: Faults,
        *,
        chunk_cells: int = CHUNK_CELLS,
    ) -> None:
        self._path = path
        self._delimiter = _delimiter(path, delimiter, faults)
        self._marks = marks
        self._faults = faults
        self._chunk_cells = chunk_cells
        first = self._first_record()
        self._check_delimiter(first)
        if names_path is None:
            self.header = first.line
            self.names: Sequence[str] = self._names_in_header(first)
        else:
            self.header = 0
            self.names = self._names_in_file(first, names_path)

    def refuse(self, columns: Sequence[int], categories: Collection[int], faults: Faults) -> frozenset[int]:  # noqa: ARG002
        """No column: any text can be looked at."""
        return frozenset()

    def chunks(self, used: Sequence[int]) -> Iterator[Chunk]:
        """The rows, with the columns `used` in that order; uneven rows go to the faults and are left out.

        Args:
            used: columns, as indices into `names`; at least one.
        """
        width = len(self.names)
        pick = _picker(used, width)
        rows_per_chunk = max(1, self._chunk_cells // len(used))
        widths: Counter[int] = Counter()
        values: list[str] = []
        lines: list[int] = []
        start = 0
        for record in read_records(self._path, self._delimiter, self._faults):
            if record.line == self.header:
                continue
            widths[len(record.values)] += 1
            if len(record.values) != width:
                self._add_uneven(record)
                continue
            values.extend(pick(record.values))
            lines.append(record.line)
            if len(lines) == rows_per_chunk or record.position - start > CHUNK_BYTES:
                yield self._chunk(values, lines, len(used))
                values, lines, start = [], [], record.position
        if lines:
            yield self._chunk(values, lines, len(used))
        if width not in widths and len(widths) == 1:
            self._replace_uneven(next(iter(widths)))

    def _chunk(self, values: list[str], lines: list[int], width: int) -> Chunk:
        """All cells of some rows taken apart at once; cell (row, column) is at `row * width + column`."""
        cells = parse(pa.array(values, pa.string()), self._marks)
        places = np.arange(0, len(values), width)

        def whole_column(column: int) -> pa.Array:
            return cells.texts.take(pa.array(places + column))

        return Chunk(
            lines=np.array(lines, dtype=np.int64),
            numbers=cells.numbers.reshape(-1, width),
            missing=cells.missing.reshape(-1, width),
            whole_column=whole_column,
            rows=np.arange(len(lines)),
            text_bytes=cells.texts.nbytes,
        )

    def _first_record(self) -> Record:
        """The first row of the file, be it header or data."""
        try:
            # its faults are found again, and kept, when the rows are read
            return next(read_records(self._path, self._delimiter, Faults(self._faults.source)))
        except StopIteration:
            list(read_records(self._path, self._delimiter, self._faults))
            self._faults.raise_if_any()
            raise self._fatal(1, "found no rows; give a table with a header and rows") from None

    def _check_delimiter(self, first: Record) -> None:
        """A first row that does not fall apart was written with another delimiter, or is not a table."""
        text = first.values[0]
        if text.startswith(("#", "sep=")):
            raise self._fatal(first.line, f"found {quote(text)}, a remark instead of a row; delete the line")
        if len(first.values) > 1:
            return
        for other, plural in _DELIMITERS.items():
            if other != self._delimiter and other in text.strip():
                raise self._fatal(
                    first.line,
                    f"found one column with {plural} ({quote(text)}); set data.delimiter: {_yaml(other)}",
                )
        raise self._fatal(
            first.line,
            f"found one column ({quote(text)}); a table needs a target and at least one feature",
        )

    def _names_in_header(self, first: Record) -> tuple[str, ...]:
        names = tuple(value.strip() for value in first.values)
        if looks_like_data(names):
            raise self._fatal(
                first.line,
                f"found only numbers in the header ({shorten(', '.join(names), 40)}); "
                "add a header, or give the names in a file of their own (data.names)",
            )
        check_names(names, first.line, self._faults)
        return names

    def _names_in_file(self, first: Record, names_path: Path) -> tuple[str, ...]:
        names = read_names(names_path)
        width = len(first.values)
        known = set(map(canonical, names))
        if 2 * sum(canonical(value) in known for value in first.values) >= width:
            raise self._fatal(
                first.line,
                f"found a header, but the names come from {names_path}; leave out data.names or the header",
            )
        if len(names) == width - 1:
            names = (*names, TARGET_NAME)
            check_names(names, 1, self._faults, source=str(names_path))
        if len(names) != width:
            raise self._fatal(
                first.line,
                f"found {width} values in the first row but {len(names)} names in {names_path}; "
                "name every column, or every column but the last (the target)",
            )
        return names

    def _add_uneven(self, record: Record) -> None:
        """A row with too few or too many values."""
        found, expected = len(record.values), len(self.names)
        cure = "add what is missing" if found < expected else "quote values that contain the delimiter"
        lines = f" (it runs to line {record.end}: is a quote left open?)" if record.end > record.line else ""
        self._faults.add(
            _UNEVEN,
            record.line,
            min(found, expected) + 1,
            f"found {counted(found, 'value')} where {expected} columns are named{lines}; {cure}",
        )

    def _replace_uneven(self, found: int) -> None:
        """Every row has the same other length: it is the header that is wrong."""
        self._faults.drop(_UNEVEN)
        expected = len(self.names)
        cure = (
            "if the first column holds row names, name it as well"
            if found == expected + 1
            else "mend the header"
        )
        self._faults.add(
            _UNEVEN,
            max(self.header, 1),
            0,
            f"found {expected} names but {counted(found, 'value')} in every row; {cure}",
        )

    def _fatal(self, line: int, message: str) -> InputError:
        return InputError([*self._faults.problems(), Problem(self._faults.source, line, 0, message)])


def _picker(used: Sequence[int], width: int) -> Callable[[list[str]], Sequence[str]]:
    """What takes the wanted values out of a row, as fast as can be."""
    if list(used) == list(range(width)):
        return lambda values: values
    if len(used) == 1:
        return lambda values: (values[used[0]],)
    return itemgetter(*used)


def _delimiter(path: Path, wanted: str | None, faults: Faults) -> str:
    """The delimiter the user asked for, or the one of the file's suffix."""
    if wanted is None:
        return "\t" if path.suffix.lower() in _TAB_SUFFIXES else ","
    if wanted in '"\r\n':
        message = (
            f"found {quote(wanted)} as data.delimiter; give a character that is no quote and no line end"
        )
        raise InputError([*faults.problems(), Problem(faults.source, 0, 0, message)])
    return wanted


def _yaml(delimiter: str) -> str:
    """A delimiter as it is written in YAML."""
    return '"\\t"' if delimiter == "\t" else f'"{delimiter}"'
