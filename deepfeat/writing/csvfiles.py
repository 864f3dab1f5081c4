r"""CSV files with the same bytes for the same values, that a spreadsheet cannot be tricked by.

Numbers are written with the fewest digits that read back as the same number, lines end with `\n`, the
encoding is UTF-8, a missing value is an empty cell. A text cell that a spreadsheet would take for a formula
(it starts with `=`, `+`, `-`, `@`, a tab or a line end) gets an apostrophe in front, as spreadsheets have it;
the reader here takes it off again.
"""

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from deepfeat.errors import InputError, Problem
from deepfeat.writing.atomic import write_bytes

_WHOLE_NUMBER = re.compile(r"-?\d{1,19}")
_INT64 = range(-(1 << 63), 1 << 63)
_NEEDS_QUOTES = re.compile(r'[,"\r\n]')
# apostrophes in front of a dangerous character count too, or taking one off could not be undone
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table atomically; its index is left out.

    Raises:
        OutputError: the file cannot be written.
    """
    write_bytes(path, table_bytes(table))


def table_bytes(table: pd.DataFrame) -> bytes:
    """The CSV of a table: its column names, then a line per row."""
    columns = [_cells(column) for _, column in table.items()]
    rows = zip(*columns, strict=True) if columns else ()
    lines = [",".join(_text_cell(str(name)) for name in table.columns), *(",".join(row) for row in rows)]
    return ("\n".join(lines) + "\n").encode("utf-8", "backslashreplace")


def read_table(path: Path, *, text: Iterable[str] = ()) -> pd.DataFrame:
    """Read a table that `write_table` wrote.

    Args:
        path: the file.
        text: the columns that hold text; a number in them stays as it is spelt. Every other column is int64
            where all of its cells are whole numbers, and float64 otherwise, an empty cell being NaN.

    Raises:
        InputError: the file is missing or not such a table; says where.
    """
    names, rows = _read_cells(path)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    wanted = set(text)
    values: dict[int, Any] = {}
    for index, (name, cells) in enumerate(zip(names, columns, strict=True)):
        if name in wanted:
            values[index] = pd.array([_plain(cell) for cell in cells], dtype="str")
        else:
            values[index] = _numbers(path, name, cells)
    return pd.DataFrame(values).set_axis(pd.Index(names, dtype="str"), axis=1)


def _cells(column: "pd.Series[Any]") -> list[str]:
    """A column as it stands in the file."""
    dtype = column.dtype
    if pd.api.types.is_bool_dtype(dtype):
        return ["true" if value else "false" for value in column.tolist()]
    if pd.api.types.is_integer_dtype(dtype):
        return [str(value) for value in column.tolist()]
    if pd.api.types.is_float_dtype(dtype):
        return ["" if math.isnan(value) else repr(value) for value in column.tolist()]
    return ["" if pd.isna(value) else _text_cell(str(value)) for value in column.tolist()]


def _text_cell(text: str) -> str:
    safe = "'" + text if _FORMULA.match(text) else text
    if _NEEDS_QUOTES.search(safe):
        return '"' + safe.replace('"', '""') + '"'
    return safe


def _plain(cell: str) -> str:
    """A text cell without the apostrophe that `_text_cell` put in front."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _read_cells(path: Path) -> tuple[list[str], list[list[str]]]:
    """Column names and rows of cells, all of one length."""
    try:
        content = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise InputError(Problem(str(path), 0, 0, "not there; is this the directory of a run?")) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Problem(str(path), 0, 0, f"cannot be read: {error}; run it again")) from error
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    rows: list[list[str]] = []
    try:
        with _cells_up_to(len(content)):
            for row in reader:
                rows.append(row or [""])  # a table of one column writes an empty cell as an empty line
                if len(row) != len(rows[0]) and row:
                    found = f"{len(row)} cells where the first line has {len(rows[0])}"
                    raise InputError(Problem(str(path), reader.line_num, 0, f"{found}; the file was changed"))
    except csv.Error as error:
        raise InputError(Problem(str(path), reader.line_num, 0, f"{error}; the file was changed")) from error
    if not rows:
        raise InputError(Problem(str(path), 0, 0, "empty; run it again"))
    return [_plain(name) for name in rows[0]], rows[1:]


@contextmanager
def _cells_up_to(length: int) -> Iterator[None]:
    """Lets cells be that long meanwhile: a group of thousands of features is named in one.

    The limit is that of the process, and tables of others are read with the usual one.
    """
    usual = csv.field_size_limit()
    csv.field_size_limit(max(usual, length))
    try:
        yield
    finally:
        csv.field_size_limit(usual)


def _numbers(path: Path, name: str, cells: Sequence[str]) -> NDArray[np.int64] | NDArray[np.float64]:
    """A column of numbers."""
    try:
        if cells and all(_WHOLE_NUMBER.fullmatch(cell) and int(cell) in _INT64 for cell in cells):
            return np.array([int(cell) for cell in cells], dtype=np.int64)
        return np.array([float(cell) if cell else np.nan for cell in cells], dtype=np.float64)
    except ValueError as error:
        raise InputError(Problem(str(path), 0, 0, f"column {name}: {error}; the file was changed")) from error
