"""What is seen in a table that nobody has described."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from deepfeat.data.glance import glance_at
from deepfeat.data.header import read_names
from deepfeat.data.load import load_table
from deepfeat.errors import InputError

Write = Callable[[str, str], Path]
NOTHING_LEFT = (
    r"no feature: id \(row numbers or identifiers\), b \(the same value in every row\); give a table"
)
PERSON = "whom a row is about; rows of one value belong together"


def table(delimiter: str = ",", rows: int = 180) -> str:
    head = ["id", "patient", "visit", "stage", "age", "empty", "same", "note", "outcome"]
    lines = [
        [
            str(row + 1),
            f"P{row // 3:03d}",
            f"2024-0{1 + row % 9}-11",
            str(row % 4),
            "" if row % 30 == 7 else str(20 + 7 * row % 61),
            "",
            "1",
            f"words {row * row}",
            "ill" if row % 5 else "well",
        ]
        for row in range(rows)
    ]
    return "\n".join(delimiter.join(line) for line in [head, *lines]) + "\n"


@pytest.mark.parametrize(("delimiter", "set_to"), [(",", None), (";", ";"), ("\t", "\t"), ("|", "|")])
def test_a_table_is_described_so_that_it_can_be_used(
    delimiter: str, set_to: str | None, write: Write
) -> None:
    path = write("mine.csv", table(delimiter))
    glance = glance_at(path, "outcome")
    assert glance.config.delimiter == set_to
    assert dict(glance.ignored) == {
        "id": "row numbers or identifiers",
        "patient": PERSON,
        "visit": "'2024-01-11' is a date",
        "empty": "no value at all",
        "same": "the same value in every row",
        "note": "identifiers or free text",
    }
    assert (glance.groups, glance.codes, glance.incomplete) == (["patient"], ["stage"], 6)
    data = load_table(glance.config, path)
    assert data.feature_names == ("stage", "age")
    assert (data.task, data.classes) == ("binary", ("ill", "well"))


def test_the_last_column_is_the_target_unless_another_is_named(write: Write) -> None:
    path = write("mine.csv", table())
    assert glance_at(path, "last").outline.target.classes == ("ill", "well")
    assert glance_at(path, "stage").outline.target.task == "multiclass"


def test_rows_without_a_target_are_left_out(write: Write) -> None:
    glance = glance_at(write("mine.csv", table()), "age")
    assert (glance.config.missing, glance.outline.n_rows, glance.incomplete) == ("drop", 174, 6)


def test_a_tab_is_usual_where_the_name_says_so(write: Write) -> None:
    assert glance_at(write("mine.tsv", table("\t")), "last").config.delimiter is None


def test_a_table_of_any_size_is_never_read_at_once(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path, names = write("mine.csv", table(";")), write("names", "a,b,y")
    monkeypatch.delattr(Path, "read_bytes")
    assert glance_at(path, "last").config.delimiter == ";"
    assert read_names(names) == ("a", "b", "y")


def test_names_may_be_in_a_file_of_their_own(write: Write) -> None:
    body = "".join(f"{row},{row % 7},{row % 2}\n" for row in range(40))
    glance = glance_at(write("mine.data", body), "last", write("names", "number,size"))
    assert dict(glance.ignored) == {"number": "row numbers or identifiers"}
    assert glance.outline.roles.names[glance.outline.target.columns[0]] == "target"


def test_columns_of_parquet_that_have_one_name_are_told(tmp_path: Path) -> None:
    columns = pa.table({"a": range(30), "b": range(30), "y": [0, 1] * 15})
    parquet.write_table(columns.rename_columns(["a", "a", "y"]), tmp_path / "mine.parquet")
    with pytest.raises(InputError, match="found the name 'a' of column 1 again; rename one of them"):
        glance_at(tmp_path / "mine.parquet", "y")


def test_columns_of_parquet_that_are_no_features_are_left_out(tmp_path: Path) -> None:
    rows = 30
    columns = {
        "when": pa.array(range(rows), pa.timestamp("s")),
        "size": pa.array([float(row * row % 11) for row in range(rows)]),
        "outcome": pa.array([row % 2 for row in range(rows)]),
    }
    parquet.write_table(pa.table(columns), tmp_path / "mine.parquet")
    glance = glance_at(tmp_path / "mine.parquet", "outcome")
    assert dict(glance.ignored) == {"when": "of a type that is no number and no category"}


def test_columns_that_nobody_can_read_are_left_out_with_what_is_wrong_and_how_to_mend_it(
    write: Write,
) -> None:
    rows = [
        f"{row};{row % 7},{1 + row % 3};{row % 5 or '1,234'};{row % 9 or '1 mg'};{row % 2}"
        for row in range(60)
    ]
    rows[1:3] = ["7;3;1;5 ca.;0", "3;4;2;6;1"]
    glance = glance_at(write("mine.csv", "\n".join(["a;CRP;Hb;dose;y", *rows]) + "\n"), "y")
    assert dict(glance.ignored) == {
        "CRP": "'0,1' is a number with a decimal comma",
        "Hb": "'1,234', a number with thousands separators (or a decimal comma), is among its numbers",
        "dose": "'1 mg', a number with a unit, is among its numbers",
    }
    assert glance.unread[0] == (
        "CRP is ignored: '0,1' is a number with a decimal comma; write it with a decimal point, "
        "and take it out of data.ignore."
    )
    assert len(glance.unread) == 3


def test_columns_with_one_fault_are_told_together(write: Write) -> None:
    rows = [f"{row * 7 % 60};{row},5;{row % 3},25;{row % 2}" for row in range(60)]
    glance = glance_at(write("mine.csv", "\n".join(["a;CRP;Hb;y", *rows]) + "\n"), "y")
    assert glance.unread == [
        (
            "CRP, Hb are ignored: '0,5' is a number with a decimal comma; write it with a decimal point, "
            "and take them out of data.ignore."
        )
    ]


def test_numbers_that_no_float_holds_are_told(write: Write) -> None:
    rows = [
        f"{row * 7 % 60},{10**19 + row * 7 % 60},{'1e400' if row == 5 else row % 9},{row % 2}"
        for row in range(60)
    ]
    glance = glance_at(write("mine.csv", "\n".join(["a,code,b,y", *rows]) + "\n"), "y")
    assert dict(glance.ignored) == {
        "code": "10000000000000000000 has more digits than a float holds",
        "b": "1e400 is infinite or too large",
    }


def test_a_target_with_decimal_commas_is_no_class(write: Write) -> None:
    rows = [f"{row * 7 % 60};{row},5" for row in range(60)]
    path = write("mine.csv", "\n".join(["a;y", *rows]) + "\n")
    with pytest.raises(
        InputError, match="found '0,5', a number with a decimal comma, in the target 'y'; write"
    ):
        glance_at(path, "y")


def test_a_text_that_is_in_every_row_is_ignored_as_a_number_is(write: Write) -> None:
    rows = [f"{row * 7 % 60},{'' if row == 3 else 'here'},{row % 2}" for row in range(60)]
    glance = glance_at(write("mine.csv", "\n".join(["a,place,y", *rows]) + "\n"), "y")
    assert dict(glance.ignored) == {"place": "the same value in every row"}


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        ("patient", [f"P{row // 3}" for row in range(120)], PERSON),
        ("MRN", [7000 + 13 * (row // 2) for row in range(120)], PERSON),
        ("PatientenNr", [row // 2 for row in range(120)], PERSON),
        ("subject", [row % 8 for row in range(120)], PERSON),
        ("Sample ID", [row % 118 for row in range(120)], PERSON),
        ("MRN", [row * 7919 % 1009 for row in range(120)], "row numbers or identifiers"),
        ("patient", [row % 2 for row in range(120)], None),
        ("patient_age", [row % 50 for row in range(120)], None),
        ("subjective", [row % 8 for row in range(120)], None),
        ("sample", [row % 4 for row in range(120)], None),
    ],
)
def test_columns_that_say_whom_a_row_is_about(
    name: str, values: list[object], reason: str | None, write: Write
) -> None:
    rows = [f"{value},{row * 7 % 60},{row % 2}" for row, value in enumerate(values)]
    glance = glance_at(write("mine.csv", "\n".join([f"{name},a,y", *rows]) + "\n"), "y")
    assert dict(glance.ignored) == ({} if reason is None else {name: reason})
    assert glance.groups == ([name] if reason == PERSON else [])


def test_persons_are_told_in_tables_of_any_size(write: Write) -> None:
    rows = [f"{(row * 37) % 2500 * 11},{row * 7 % 60},{row % 2}" for row in range(3000)]
    path = write("mine.csv", "\n".join(["case_no,a,y", *rows]) + "\n")
    assert glance_at(path, "y").groups == ["case_no"]


@pytest.mark.parametrize(
    ("target", "content", "words"),
    [
        ("outcom", table(), "did you mean outcome?"),
        ("outcome", "1,2\n3,4\n", "found only numbers in the header"),
        ("outcome", "a,outcome\n" + "1,x\n" * 6 + "b1,y\n" + "2,y\n" * 6, "among the numbers of 'a'"),
        ("outcome", "a,outcome\n", "found no rows"),
        ("outcome", "id,b,outcome\n" + "".join(f"{i},7,{i % 2}\n" for i in range(20)), NOTHING_LEFT),
    ],
)
def test_what_no_setting_can_settle_is_told(target: str, content: str, words: str, write: Write) -> None:
    with pytest.raises(InputError, match=words):
        glance_at(write("mine.csv", content), target)
