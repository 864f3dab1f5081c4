"""Malformed Parquet tables: each is refused with exactly these lines, all faults at once."""

import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest


def parquet(names: tuple[str, ...] = (), **columns: object) -> bytes:
    """A table of two numbers and two classes, some of whose columns are replaced, or called otherwise."""
    usual = {
        "x": [i * 0.37 % 5 for i in range(12)],
        "z": [i * 1.7 % 3 for i in range(12)],
        "y": ["ab"[i % 2] for i in range(12)],
    }
    buffer = io.BytesIO()
    table = pa.table(usual | columns)
    pq.write_table(table.rename_columns(names or table.column_names), buffer)
    return buffer.getvalue()


D = [dt.date(2020, 1, day) for day in range(1, 13)]

CASES: dict[str, tuple[bytes, dict[str, str], str, str]] = {
    "dates": (
        parquet(x=D),
        {},
        "",
        "found dates or times (date32[day]) in 'x'; turn them into numbers, or list it in data.ignore",
    ),
    "list": (
        parquet(x=[[1]] * 12),
        {},
        "",
        "found values of type list<element: int64> in 'x'; list it in data.ignore",
    ),
    "binary": (parquet(x=[b"a"] * 12), {}, "", "found values of type binary in 'x'; list it in data.ignore"),
    "struct": (
        parquet(x=[{"a": 1}] * 12),
        {},
        "",
        "found values of type struct<a: int64> in 'x'; list it in data.ignore",
    ),
    "index": (
        parquet(__index_level_0__=list(range(12))),
        {},
        "",
        "found '__index_level_0__', row numbers that pandas wrote; list it in data.ignore",
    ),
    "infinite": (
        parquet(x=[float("inf"), *range(11)]),
        {},
        "1:1:",
        "found inf in 'x', infinite or too large for a float; rescale the column or mark the cell as missing",
    ),
    "big integer": (
        parquet(x=[2**53 + 1, *range(11)]),
        {},
        "1:1:",
        (
            "found 9007199254740993 in 'x', an integer beyond 2^53, which no float can hold; "
            "list an identifier in data.ignore, or rescale the column"
        ),
    ),
    "all null": (
        parquet(x=pa.nulls(12)),
        {},
        "",
        "found no value in 'x' (all 12 missing); list it in data.ignore",
    ),
    "nan target": (
        parquet(y=["a", None] * 6),
        {},
        "2:3:",
        (
            "found no target 'y' in 6 rows, first here; "
            "targets are never imputed: remove such rows or set data.missing: drop"
        ),
    ),
    "no rows": (
        parquet(x=pa.array([], pa.float64()), z=pa.array([], pa.float64()), y=pa.array([], pa.string())),
        {},
        "",
        "found no rows; give a table with rows",
    ),
    "target": (
        parquet(),
        {"target": "w"},
        "",
        "found no column 'w', which data.target names; use one of: x, y, z",
    ),
    "mixed text": (
        parquet(x=["1"] * 11 + ["abc"]),
        {},
        "12:1:",
        (
            "found 'abc' among the numbers of 'x'; "
            "correct it, add it to data.missing_values, or list the column in data.categories"
        ),
    ),
    "case names": (
        parquet(X=[1.0] * 12),
        {"target": "y"},
        "",
        (
            "found the name 'X', the same as 'x' in column 1 but for case, blanks or Unicode form; "
            "rename one of them"
        ),
    ),
    "repeated name": (
        parquet(names=("x", "x", "y")),
        {},
        "",
        "found the name 'x' of column 1 again; rename one of them",
    ),
    "date target": (
        parquet(y=D),
        {},
        "",
        "found dates or times (date32[day]) in 'y'; turn them into numbers, or list it in data.ignore",
    ),
}


@pytest.mark.parametrize(("content", "settings", "row", "message"), CASES.values(), ids=CASES)
def test_a_malformed_table_is_refused(
    content: bytes,
    settings: dict[str, str],
    row: str,
    message: str,
    write: Callable[..., Path],
    faults: Callable[..., list[str]],
) -> None:
    assert faults(write("t.parquet", content), **settings) == [f"t.parquet:{row} {message}"]


@pytest.mark.parametrize("start", [20, 600, 1000], ids=["in a page", "between", "in the footer"])
def test_a_damaged_file_is_told_as_such(
    start: int, write: Callable[..., Path], faults: Callable[..., list[str]]
) -> None:
    good = parquet()
    (line,) = faults(write("t.parquet", good[:start] + b"\xff" * 100 + good[start + 100 :]))
    assert "found a Parquet file that cannot be read (" in line
    assert line.endswith("; copy or write it again")


def test_names_belong_to_text_tables(write: Callable[..., Path], faults: Callable[..., list[str]]) -> None:
    names = write("names", "a,b,c\n")
    assert faults(write("t.parquet", parquet()), names) == [
        "t.parquet: found a Parquet file, which has its own names, beside names; leave out data.names"
    ]


def test_dates_are_welcome_where_they_are_ignored_or_categories(
    write: Callable[..., Path], load: Callable[..., Any]
) -> None:
    path = write("t.parquet", parquet(x=D))
    assert load(path, ignore=["x"]).feature_names == ("z",)
    assert load(path, categories=["x"]).features[0].levels[:2] == ("2020-01-01", "2020-01-02")
