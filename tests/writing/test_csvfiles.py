"""CSV files: stable bytes, harmless text."""

import csv
import io
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deepfeat.errors import InputError
from deepfeat.writing.csvfiles import read_table, table_bytes, write_table

# any text that UTF-8 can hold
TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")


def test_known_bytes() -> None:
    table = pd.DataFrame(
        {
            "feature": ["age", "=cmd|'/c calc'!A0", 'a "b", c', "two\nlines"],
            "importance": [0.1, 1 / 3, 1e-300, 123456789.0],
            "ci_low": [math.nan, -0.5, math.inf, 0.0],
            "rank": [1, 2, 3, 4],
            "failed": [True, False, False, True],
            "note": [None, "", "x", "-1"],
        }
    )
    assert table_bytes(table).decode() == (
        "feature,importance,ci_low,rank,failed,note\n"
        "age,0.1,,1,true,\n"
        "'=cmd|'/c calc'!A0,0.3333333333333333,-0.5,2,false,\n"
        '"a ""b"", c",1e-300,inf,3,false,x\n'
        '"two\nlines",123456789.0,0.0,4,true,\'-1\n'
    )


@given(st.lists(st.tuples(TEXT, st.floats(), st.integers(-(2**53), 2**53)), min_size=1, max_size=5))
@example([("'=x", 0.1, 1), ("''+y", -0.0, 0), ("'plain", 5e-324, -1), ("\r", math.nan, 2), ("\x00", 1e22, 3)])
@settings(deadline=None)
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, rows: list) -> None:
    path = tmp_path_factory.mktemp("csv") / "table.csv"
    table = pd.DataFrame(rows, columns=["text", "float", "int"]).astype({"text": "str", "float": "float64"})
    write_table(path, table)
    again = read_table(path, text=["text"])
    assert again["text"].tolist() == table["text"].tolist()
    assert again["float"].map(float.hex).tolist() == table["float"].map(float.hex).tolist()
    assert again["int"].tolist() == table["int"].tolist()
    assert table_bytes(again) == path.read_bytes()


@given(st.lists(TEXT, min_size=1, max_size=6, unique=True))
@settings(deadline=None)
def test_any_feature_name_can_be_a_column(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    path = tmp_path_factory.mktemp("csv") / "table.csv"
    write_table(path, pd.DataFrame(np.ones((2, len(names))), columns=pd.Index(names, dtype="str")))
    assert list(read_table(path).columns) == names


@given(TEXT, TEXT)
@settings(deadline=None)
def test_no_cell_is_a_formula(name: str, value: str) -> None:
    content = table_bytes(pd.DataFrame({"first": ["x"], name: [value]})).decode()
    for row in csv.reader(io.StringIO(content, newline="")):
        assert not any(cell.startswith(DANGEROUS) for cell in row)


def test_numbers_in_a_text_column_stay_as_they_are_spelt(tmp_path: Path) -> None:
    names = ["1", "01", "1.0", "-1", "nan", "NA", ""]
    write_table(tmp_path / "t.csv", pd.DataFrame({"feature": names, "rank": range(1, 8)}))
    again = read_table(tmp_path / "t.csv", text=["feature"])
    assert again["feature"].tolist() == names
    assert again["rank"].dtype == np.int64


def test_narrow_floats_keep_their_value(tmp_path: Path) -> None:
    values = np.array([0.1, 1 / 3], dtype=np.float32)
    write_table(tmp_path / "t.csv", pd.DataFrame({"x": values}))
    np.testing.assert_array_equal(read_table(tmp_path / "t.csv")["x"].to_numpy(), values.astype(np.float64))


def test_a_table_without_rows_keeps_its_columns(tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv", pd.DataFrame({"a": [], "b": []}))
    assert (tmp_path / "t.csv").read_bytes() == b"a,b\n"
    assert list(read_table(tmp_path / "t.csv", text=["a"]).columns) == ["a", "b"]


def test_a_single_column_with_missing_values(tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv", pd.DataFrame({"x": [1.5, math.nan]}))
    np.testing.assert_array_equal(read_table(tmp_path / "t.csv")["x"], [1.5, math.nan])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "t.csv: not there"),
        (b"", "t.csv: empty"),
        (b"a,b\n1,2\n3\n", "t.csv:3: 1 cells where the first line has 2"),
        (b'a\n"open\n', "t.csv:.*end of data"),
        (b"a\n\xff\n", "t.csv: cannot be read"),
        (b"a\nx\n", "t.csv: column a: could not convert"),
    ],
)
def test_what_is_no_such_table_is_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "t.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_table(path)


def test_a_cell_may_be_longer_than_those_of_strangers(tmp_path: Path) -> None:
    usual = csv.field_size_limit()
    names = "rs123456789 " * usual
    write_table(tmp_path / "groups.csv", pd.DataFrame({"features": [names], "size": [usual]}))
    assert read_table(tmp_path / "groups.csv", text=["features"])["features"].tolist() == [names]
    assert csv.field_size_limit() == usual
    (tmp_path / "broken.csv").write_text('"a\n')
    with pytest.raises(InputError, match="the file was changed"):
        read_table(tmp_path / "broken.csv")
    assert csv.field_size_limit() == usual
