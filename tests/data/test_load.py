from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepfeat.config.schema import DataConfig
from deepfeat.data.dataset import Dataset, Feature
from deepfeat.data.load import load_table
from deepfeat.data.outline import outline_table

CLEVELAND = Path(__file__).parents[3] / "shared" / "data"
BREAST_CANCER = Path(__file__).parents[2] / "Data" / "breast_cancer.csv"

Write = Callable[..., Path]
Load = Callable[..., Dataset]

needs_cleveland = pytest.mark.skipif(
    not CLEVELAND.is_dir(), reason="the Cleveland heart disease table is not beside this checkout"
)


def column(row: Callable[[int], Any], header: str = "x,c,y", n: int = 12) -> str:
    return header + "\n" + "".join(f"{row(i)}\n" for i in range(n))


def simple(i: int) -> str:
    return f"{i}.5,{'uvw'[i % 3]},{'no' if i % 2 else 'yes'}"


def test_numbers_stay_a_column_and_texts_become_one_for_each_level(write: Write, load: Load) -> None:
    data = load(write("small.csv", column(simple, n=30)))
    assert data.name == "small"
    assert data.features == (Feature("x", 0, 1), Feature("c", 1, 4, ("u", "v", "w")))
    assert data.x.dtype == np.float32
    np.testing.assert_array_equal(
        data.x[:4], [[0.5, 1, 0, 0], [1.5, 0, 1, 0], [2.5, 0, 0, 1], [3.5, 1, 0, 0]]
    )
    assert (data.task, data.classes) == ("binary", ("no", "yes"))
    np.testing.assert_array_equal(data.y[:3], [[1], [0], [1]])
    np.testing.assert_array_equal(data.source_rows, np.arange(2, 32))
    assert data.groups is None
    assert data.notes == ("Target 'y': 'yes' is the positive class.",)
    assert data.warnings == ()
    assert len(data.sha256) == 64


def test_breast_cancer(load: Load) -> None:
    data = load(BREAST_CANCER)
    assert (data.n_rows, data.n_features, data.n_columns) == (569, 30, 30)
    assert (data.task, data.classes) == ("binary", ("benign", "malignant"))
    assert data.y.sum() == 212
    assert data.x[0, 0] == np.float32(17.99)
    assert data.warnings == ()


@needs_cleveland
def test_cleveland_with_rows_dropped(load: Load) -> None:
    data = load(CLEVELAND / "processed.cleveland.data", CLEVELAND / "attributes", missing="drop")
    assert (data.n_rows, data.n_features) == (297, 13)
    assert (data.task, data.classes) == ("multiclass", ("0", "1", "2", "3", "4"))
    assert data.feature_names[:3] == ("age", "sex", "cp")
    np.testing.assert_array_equal(data.y.sum(axis=0), [160, 54, 35, 35, 13])
    assert data.notes == ("Dropped 6 of 303 rows with missing values (ca: 4, thal: 2).",)
    assert 88 not in data.source_rows, "line 88 has a question mark"


@needs_cleveland
def test_cleveland_with_values_filled_in(load: Load) -> None:
    path = CLEVELAND / "processed.cleveland.data"
    data = load(path, CLEVELAND / "attributes", missing="impute", categories=["thal"])
    assert (data.n_rows, data.n_features, data.n_columns) == (303, 13, 15)
    assert data.features[-1] == Feature("thal", 12, 15, ("3", "6", "7"))
    assert data.notes == (
        "ca: 4 missing values were filled in with the median 0 (taken over all rows).",
        "thal: 2 missing values were filled in with the most frequent category 3 (taken over all rows).",
    )
    row = int(np.flatnonzero(data.source_rows == 88)[0])
    np.testing.assert_array_equal(data.x[row, 12:], [1, 0, 0])
    assert np.isfinite(data.x).all()


def test_a_names_file_may_name_the_target_too(write: Write, load: Load) -> None:
    path = write("t.data", column(simple).partition("\n")[2])
    named = load(path, write("all.names", "x, c, outcome\n"))
    unnamed = load(path, write("features.names", "x,c\n"))
    assert named.feature_names == unnamed.feature_names == ("x", "c")
    assert load(path, write("all.names", "x, c, outcome\n"), target="outcome").sha256 == named.sha256
    assert unnamed.source_rows[0] == 1


def test_a_regression_names_its_target_and_keeps_raw_values(write: Write, load: Load) -> None:
    data = load(write("t.csv", column(lambda i: f"{i % 4},{'uv'[i % 2]},{i * 1.25 - 3}", n=30)))
    assert (data.task, data.classes) == ("regression", ("y",))
    np.testing.assert_array_equal(data.y[:, 0], np.arange(30, dtype=np.float32) * 1.25 - 3)


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        ([0, 1], "binary", ("0", "1")),
        ([2.5, -1], "binary", ("-1", "2.5")),
        (["1.0", "1", "2"], "binary", ("1", "2")),
        (["True", "False"], "binary", ("False", "True")),
        (["case", "control"], "binary", ("case", "control")),
        (["10", "9", "8"], "multiclass", ("8", "9", "10")),
        (["b", "a", "c"], "multiclass", ("a", "b", "c")),
        (["1", "2", "3A", "3B", "4C"], "multiclass", ("1", "2", "3A", "3B", "4C")),
        ([0.5, 1, 1.5], "regression", ("y",)),
        (list(range(21)), "regression", ("y",)),
        ([*[1, 2] * 25, 3], "regression", ("y",)),
    ],
)
def test_the_task_is_found_out(
    values: list[Any], task: str, classes: tuple[str, ...], write: Write, load: Load
) -> None:
    n = max(60, len(values)) if len(values) < 50 else len(values)
    data = load(write("t.csv", column(lambda i: f"{i % 7}.5,{'uv'[i % 2]},{values[i % len(values)]}", n=n)))
    assert (data.task, data.classes) == (task, classes)


def test_an_explicit_task_wins(write: Write, load: Load) -> None:
    path = write("t.csv", column(lambda i: f"{i}.5,{'uv'[i % 2]},{i % 3}", n=30))
    assert load(path).task == "multiclass"
    assert load(path, task="regression").task == "regression"
    mixed = write("m.csv", column(lambda i: f"{i}.5,{'uv'[i % 2]},{['1', '2', '3', '3A'][i % 4]}", n=40))
    assert load(mixed, task="multiclass").classes == ("1", "2", "3", "3A")


def test_several_targets_are_labels(write: Write, load: Load) -> None:
    path = write("t.csv", column(lambda i: f"{i}.5,{i % 2},{'yes' if i % 3 else 'no'}", "x,a,b", 20))
    data = load(path, targets=["b", "a"])
    assert (data.task, data.classes, data.feature_names) == ("multilabel", ("b", "a"), ("x",))
    np.testing.assert_array_equal(data.y[:4], [[0, 0], [1, 1], [1, 0], [0, 1]])
    assert data.notes == ("Label 'b': 'yes' is the positive class.",)


def test_roles_of_columns(write: Write, load: Load) -> None:
    rows = column(lambda i: f"P{i},{i // 3},{i}.5,{i % 2},{'uv'[i % 2]}", "id,family,x,y,z", 12)
    data = load(write("t.csv", rows), target="y", ignore=["id"], group="family", categories=["z"])
    assert data.feature_names == ("x", "z")
    assert data.groups is not None
    np.testing.assert_array_equal(data.groups, np.arange(12) // 3)


def test_the_last_column_is_the_target_unless_one_is_called_last(write: Write, load: Load) -> None:
    rows = column(lambda i: f"{i % 2},{i}.5,{i}.25", "last,x,y", 30)
    assert load(write("t.csv", rows)).feature_names == ("x", "y")
    assert load(write("t.csv", rows.replace("last", "first"))).feature_names == ("first", "x")


def test_names_are_found_whatever_their_unicode_form(write: Write, load: Load) -> None:
    rows = column(simple, "cafe\u0301,c,y")
    data = load(write("t.csv", rows), ignore=["caf\u00e9"])
    assert data.feature_names == ("c",)


def test_names_of_any_kind_are_kept_as_they_are(write: Write, load: Load) -> None:
    names = ["<b>bold</b>", "=cmd|' /C calc'!A0", "two\nlines", "שלום", "n" * 200]
    header = ",".join('"' + name.replace('"', '""') + '"' for name in [*names, "y"])
    path = write(
        "t.csv", column(lambda i: ",".join([*(f"{i * k % 7}.5" for k in range(1, 6)), "ab"[i % 2]]), header)
    )
    data = load(path)
    assert data.feature_names == tuple(names)
    assert data.source_rows[0] == 3, "the header takes two lines"


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: text + "\n\n  \n",
        lambda text: text.rstrip("\n"),
        lambda text: text.replace(",", " , "),
        lambda text: text.replace(",u,", ',"u",'),
        lambda text: text.replace("\n1.5,", "\n+1.5e0,"),
    ],
    ids=["byte-order mark", "windows", "old mac", "blank lines", "no end", "blanks", "quotes", "exponent"],
)
def test_how_a_file_is_written_does_not_matter(
    change: Callable[[str], str], write: Write, load: Load
) -> None:
    plain = load(write("t.csv", column(simple)))
    changed = load(write("t.csv", change(column(simple))))
    assert changed.sha256 == plain.sha256
    np.testing.assert_array_equal(changed.source_rows, plain.source_rows)


@pytest.mark.parametrize(
    ("name", "mark", "delimiter"), [("t.tsv", "\t", None), ("t.csv", ";", ";"), ("t.txt", " ", " ")]
)
def test_delimiters(name: str, mark: str, delimiter: str | None, write: Write, load: Load) -> None:
    plain = load(write("plain.csv", column(simple)))
    other = load(write(name, column(simple).replace(",", mark)), delimiter=delimiter)
    assert other.sha256 == plain.sha256


def test_lines_are_those_of_an_editor_behind_blank_lines_and_line_breaks(write: Write, load: Load) -> None:
    rows = [f"{i}.5,{'uvw'[i % 3]},{i % 2}" for i in range(12)]
    rows[2] = '2.5,"u\nu",0'
    rows[8] = '8.5,"u\nu",0'
    text = "\n".join(["x,c,y", "", *rows[:5], "", *rows[5:]])
    data = load(write("t.csv", text))
    assert data.source_rows.tolist() == [3, 4, 5, 7, 8, 10, 11, 12, 13, 15, 16, 17]


def test_missing_marks_count_as_text_and_as_number(write: Write, load: Load) -> None:
    path = write("t.csv", column(lambda i: f"{['-9', '-9.0', i + 0.5][min(i, 2)]},{'uv'[i % 2]},{i % 2}"))
    data = load(path, missing_values=["-9"])
    assert data.notes[1] == "x: 2 missing values were filled in with the median 7 (taken over all rows)."
    assert data.x[0, 0] == data.x[1, 0] == 7


def test_most_frequent_category_and_its_ties(write: Write, load: Load) -> None:
    data = load(write("t.csv", column(lambda i: f"{i}.5,{['?', 'v', 'u'][i % 3]},{i % 2}")))
    assert data.features[1].levels == ("u", "v")
    np.testing.assert_array_equal(data.x[0, 1:], [1, 0])
    assert "c: 4 missing values were filled in with the most frequent category u" in data.notes[1]


def test_levels_of_dropped_rows_are_gone(write: Write, load: Load) -> None:
    path = write(
        "t.csv",
        column(lambda i: f"{'?' if i == 3 else f'{i}.5'},{'rare' if i == 3 else 'uv'[i % 2]},{i % 2}", n=14),
    )
    assert load(path, missing="drop").features[1].levels == ("u", "v")
    assert load(path, missing="impute").features[1].levels == ("rare", "u", "v")


def test_a_text_that_looks_like_a_number_is_a_level_among_texts(write: Write, load: Load) -> None:
    data = load(
        write(
            "t.csv",
            column(lambda i: f"{i}.5,{['A', '1', 'B', '1.0', 'B'][i % 5] if i > 3 else '1'},{i % 2}", n=40),
        )
    )
    assert data.features[1].levels == ("1", "1.0", "A", "B")
    assert data.warnings == ("Columns of texts and some numbers, taken as categories: c.",)


def test_the_digest_covers_what_training_sees_and_nothing_else(write: Write, load: Load) -> None:
    text = column(simple)
    base = load(write("t.csv", text))
    assert load(write("other.csv", text)).sha256 == base.sha256
    assert load(write("t.csv", text.replace("0.5,u", "0.25,u", 1))).sha256 != base.sha256, "an input"
    assert load(write("t.csv", text.replace("u,yes", "u,no", 1))).sha256 != base.sha256, "a target"
    assert load(write("t.csv", text.replace("x,c", "z,c"))).sha256 != base.sha256, "a name"
    assert load(write("t.csv", text.replace("yes", "yep"))).sha256 != base.sha256, "a class"
    assert load(write("t.csv", text.replace("w", "x"))).sha256 != base.sha256, "a level"
    grouped = "g," + "\n".join(f"{i},{row}" for i, row in enumerate(text.splitlines()))[2:]
    assert load(write("g.csv", grouped), group="g").sha256 != base.sha256, "groups"
    assert load(write("g.csv", grouped), ignore=["g"]).sha256 == base.sha256


def test_checking_tells_the_same_without_encoding(write: Write) -> None:
    path = write("t.csv", column(simple))
    outline = outline_table(DataConfig(path="t.csv"), path)
    data = load_table(DataConfig(path="t.csv"), path)
    assert (outline.n_rows, outline.features) == (data.n_rows, data.features)
    assert (outline.target.task, outline.target.classes) == (data.task, data.classes)
    assert outline.target.rows_per_class == (6, 6)
    assert [entry.name for entry in Path().iterdir()] == ["t.csv"], "nothing is written"
