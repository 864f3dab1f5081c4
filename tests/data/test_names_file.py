"""A table without a header and its names file: what fits and what does not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deepfeat.data.header import canonical, read_names
from deepfeat.errors import InputError

ROWS = "".join(f"{i}.5,{i % 3}.25,{i % 2}\n" for i in range(30))

Write = Callable[..., Path]
Faults = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("names", "lines"),
    [
        ("a\n", ["rows.data:1: found 3 values in the first row but 1 names in names; "]),
        ("a,b,c,d\n", ["rows.data:1: found 3 values in the first row but 4 names in names; "]),
        ("a,a\n", ["names:1:2: found the name 'a' of column 1 again; rename one of them"]),
        ("a,\n", ["names:1:2: found a column without a name; name it or delete it"]),
        ("a,target\n", ["names:1:3: found the name 'target' of column 2 again; rename one of them"]),
        ("a,b\nc,d\n", ["names:2: found 2 lines of names; put all names on one line"]),
        ('a,"b\n', ["names:1: found broken quoting (unexpected end of data); mend the quotes"]),
        ("", ["names: found an empty file; give a table with a header and rows"]),
        (b"caf\xe9,b\n", ["names:1: found byte 0xE9, not UTF-8; save the file as UTF-8"]),
        (b"\x1f\x8b\x08", ["names: found a gzip archive; unpack it first (gunzip)"]),
    ],
)
def test_names_that_do_not_fit(names: str | bytes, lines: list[str], write: Write, faults: Faults) -> None:
    found = faults(write("rows.data", ROWS), write("names", names))
    assert len(found) == len(lines)
    assert all(line.startswith(expected) for line, expected in zip(found, lines, strict=True))


def test_a_names_file_that_is_not_there(write: Write, faults: Faults) -> None:
    path = write("rows.data", ROWS)
    assert faults(path, Path("nmes")) == [
        "nmes: found no such file; check data.names (use one of: rows.data)"
    ]


def test_a_header_beside_a_names_file(write: Write, faults: Faults) -> None:
    path = write("t.csv", "a,b,outcome\n" + ROWS)
    assert faults(path, write("names", "a,b\n")) == [
        "t.csv:1: found a header, but the names come from names; leave out data.names or the header"
    ]


def test_a_target_that_the_names_file_does_not_name(write: Write, faults: Faults) -> None:
    path = write("rows.data", ROWS)
    assert faults(path, write("names", "age,b\n"), target="agee") == [
        "rows.data: found no column 'agee', which data.target names; did you mean age?"
    ]


def test_one_name_a_line_is_fine_as_well(write: Write) -> None:
    assert read_names(write("names", "a\nb b\n\nc\n")) == ("a", "b b", "c")
    assert read_names(write("names", '\ufeffa, "b,b",c\n')) == ("a", "b,b", "c")


def test_a_parquet_file_holds_no_names(write: Write) -> None:
    with pytest.raises(InputError, match="give a text file in data"):
        read_names(write("names", b"PAR1\x15\x04....PAR1"))


def test_names_are_the_same_but_for_case_blanks_and_form() -> None:
    assert canonical(" Caf\u00e9 1") == canonical("CAFE\u03011")
    assert canonical("x2") != canonical("x\u00b2")
