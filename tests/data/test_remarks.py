"""What looks wrong in a table that can be used: told once, in a sentence, and never stopping a run."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset

Write = Callable[..., Path]
Load = Callable[..., Dataset]
LEAK = "; if they would not be known before the outcome, list them in data.ignore."


def table(header: str, **columns: list[object]) -> str:
    rows = zip(*columns.values(), strict=True)
    return "\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n"


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def warnings_of(write: Write, load: Load, generator: np.random.Generator) -> Callable[..., tuple[str, ...]]:
    """Warnings of a table of 40 rows: random numbers, the given columns, and a target of two classes."""

    def warnings(y: list[object] | None = None, **columns: list[object]) -> tuple[str, ...]:
        n = len(y) if y is not None else 40
        everything = {
            "noise": generator.normal(size=n).tolist(),
            **columns,
            "y": y or [i % 2 for i in range(n)],
        }
        data = load(write("t.csv", table(",".join(everything), **everything)))
        assert data.feature_names == tuple(everything)[:-1], "every column is kept"
        return data.warnings

    return warnings


def test_nothing_is_said_of_a_good_table(warnings_of: Callable[..., tuple[str, ...]]) -> None:
    assert warnings_of() == ()


def test_constant_columns(warnings_of: Callable[..., tuple[str, ...]]) -> None:
    found = warnings_of(c=[1.5] * 40, d=["same"] * 40, e=[2, "?"] * 20)
    assert found == ("Constant columns, which cannot matter and are kept: c, d, e.",)


@pytest.mark.parametrize(
    ("name", "values", "is_identifier"),
    [
        ("row", list(range(40)), True),
        ("anything", list(range(1000, 920, -2)), True),
        ("patient_id", [i * 7919 % 1009 for i in range(40)], True),
        ("sampleID", [i * 7919 % 1009 for i in range(40)], True),
        ("acid", [i * 7919 % 1009 for i in range(40)], False),
        ("count", [i * 7919 % 1009 for i in range(40)], False),
        ("id", [i % 3 for i in range(40)], False),
        ("time", [i / 7 for i in range(40)], False),
    ],
)
def test_identifiers(
    name: str, values: list[object], warnings_of: Callable[..., tuple[str, ...]], *, is_identifier: bool
) -> None:
    expected = (
        (
            f"Columns that look like row numbers or identifiers: {name}; "
            "list them in data.ignore unless their value means something."
        ),
    )
    assert warnings_of(**{name: values}) == (expected if is_identifier else ())


def test_values_that_single_precision_cannot_tell(warnings_of: Callable[..., tuple[str, ...]]) -> None:
    stamps = [1.6e9 + 37.5 * (i * 7 % 40) for i in range(40)]
    (found,) = warnings_of(time=stamps)
    assert found.startswith("Columns whose values differ by less than a 32-bit float can tell well: time;")
    assert warnings_of(year=[2000 + i * 7 % 40 for i in range(40)]) == ()


def test_columns_with_mostly_missing_values(warnings_of: Callable[..., tuple[str, ...]]) -> None:
    gaps = ["?" if i % 4 else i / 7 for i in range(40)]
    assert warnings_of(g=gaps) == ("More than half of the values are missing, and were filled in, in: g.",)


def test_copies_of_rows(write: Write, load: Load) -> None:
    rows = [f"{i}.5,{i % 2}" for i in range(30)]
    text = "\n".join(["x,y", *rows, rows[3], rows[3], rows[7]])
    assert load(write("t.csv", text)).warnings == (
        (
            "Copies of rows: 3 of 33 rows repeat an earlier one (first: line 32 repeats line 5); copies on "
            "both sides of a split make scores look too good: remove them, "
            "or keep them together with data.group."
        ),
    )


def test_small_classes(warnings_of: Callable[..., tuple[str, ...]]) -> None:
    assert warnings_of(y=["a"] * 20 + ["b"] * 9 + ["c"] * 11) == (
        "Classes with fewer than 10 rows: b (9); what is found about them may be chance.",
    )


def test_features_that_give_a_binary_target_away(warnings_of: Callable[..., tuple[str, ...]]) -> None:
    y = [i % 2 for i in range(40)]
    found = warnings_of(
        y=["yes" if label else "no" for label in y],
        same=y,
        above=[label * 10 + i / 40 for i, label in enumerate(y)],
        word=["hi" if label else ["lo", "mid"][i // 2 % 2] for i, label in enumerate(y)],
        nearly=[label if i else 1 - label for i, label in enumerate(y)],
    )
    assert found == (
        f"Features that equal the target or separate its classes perfectly: same, above, word{LEAK}",
    )


def test_features_that_give_classes_away(warnings_of: Callable[..., tuple[str, ...]]) -> None:
    y = [i % 3 for i in range(60)]
    found = warnings_of(
        y=["abc"[label] for label in y],
        code=[[5, 1, 9][label] for label in y],
        half=[[5, 1, 5][label] for label in y],
    )
    assert found == (f"Features that equal the target or separate its classes perfectly: code{LEAK}",)


def test_features_that_give_a_number_away(warnings_of: Callable[..., tuple[str, ...]]) -> None:
    y = [i * 37 % 101 + 0.5 for i in range(60)]
    found = warnings_of(
        y=y,
        copy=y,
        scaled=[-3 * value + 1e4 for value in y],
        noisy=[value + i % 2 / 10 for i, value in enumerate(y)],
        flat=[7.5] * 60,
    )
    assert found == (
        "Constant columns, which cannot matter and are kept: flat.",
        f"Features that are the target, or a multiple of it: copy, scaled{LEAK}",
    )


def test_persons_with_several_rows(write: Write, load: Load) -> None:
    rows = "".join(f"{i // 4},{i * 7 % 40}.5,{i % 2}\n" for i in range(40))
    path = write("t.csv", "patient_nr,x,y\n" + rows)
    assert load(path).warnings == (
        (
            "Columns that say whom a row is about, of whom some have several rows: patient_nr; rows of one "
            "patient belong together: name the column in data.group, which keeps them on one side of every "
            "split, and it is no feature then."
        ),
    )
    assert load(path, group="patient_nr").warnings == ()


def test_the_fault_of_many_persons_names_the_group(write: Write, faults: Callable[..., list[str]]) -> None:
    rows = "".join(f"P{i // 2},{i * 7 % 40}.5,{i % 2}\n" for i in range(140))
    (line,) = faults(write("t.csv", "patient,x,y\n" + rows))
    assert line.endswith("identifiers or free text; name it in data.group, or list it in data.ignore")


def test_levels_and_classes_that_are_spelled_in_two_ways(warnings_of: Callable[..., tuple[str, ...]]) -> None:
    found = warnings_of(
        y=[["yes", "Yes", "no", "No"][i % 4] for i in range(60)],
        sex=[["m", "f", "M"][i % 3] for i in range(60)],
        place=[["a b", "a  b", "c"][i // 2 % 3] for i in range(60)],
    )
    assert found == (
        (
            "Levels that differ only in case or space, and are taken for different: sex ('M' and 'm'), "
            "place ('a  b' and 'a b'), y ('No' and 'no', 'Yes' and 'yes'); write them alike in the table if "
            "they mean the same."
        ),
    )


def test_classes_of_one_row_that_are_spelled_in_two_ways(
    write: Write, faults: Callable[..., list[str]]
) -> None:
    rows = "".join(
        f"{i * 7 % 40}.5,{y}\n" for i, y in enumerate(["no"] * 20 + ["yes"] * 20 + ["No", "Yes", "NO"])
    )
    (line,) = faults(write("t.csv", "x,y\n" + rows))
    assert line.endswith("; write 'NO' and 'No' and 'no' alike")


def test_levels_of_few_rows(warnings_of: Callable[..., tuple[str, ...]]) -> None:
    found = warnings_of(ward=["HNO", "ENT", "ENT"] + ["surgery"] * 18 + ["other"] * 19)
    assert found == (
        (
            "Levels of fewer than 5 rows: ward = ENT (2 rows), ward = HNO (1 row); effects and intervals of "
            "levels with so few rows say little."
        ),
    )


def test_features_that_are_copies(warnings_of: Callable[..., tuple[str, ...]]) -> None:
    x = [i * 37 % 101 + 0.5 for i in range(40)]
    x[7] = "?"
    word = [["a", "b", "c"][i // 2 % 3] for i in range(40)]
    almost = [*x[:-1], 0.25]
    found = warnings_of(x=x, w=word, dup=x, almost=almost, w2=word)
    assert found == (
        (
            "Features that are copies of another: dup (of x), w2 (of w); they share what each of them is "
            "worth: list the copies in data.ignore."
        ),
    )


@pytest.mark.parametrize(("shift", "is_told"), [(0.5, True), (-1.0, False)])
def test_a_skewed_target(shift: float, warnings_of: Callable[..., tuple[str, ...]], *, is_told: bool) -> None:
    y: list[object] = [i * 37 % 101 / 100 + shift for i in range(60)]
    y[11] = 90.5
    found = warnings_of(y=y)
    assert len(found) == is_told
    assert all("The target 'y' is strongly skewed (skewness 7." in line for line in found)


def test_features_that_give_a_label_away(write: Write, load: Load) -> None:
    labels = [(i % 2, i // 2 % 2) for i in range(40)]
    rows = "".join(f"{i * 7 % 40}.5,{b},{a},{b}\n" for i, (a, b) in enumerate(labels))
    data = load(write("t.csv", "x,leak,a,b\n" + rows), targets=["a", "b"])
    assert data.warnings == (
        f"Features that equal the target or separate its classes perfectly: leak (b){LEAK}",
    )


def test_more_features_than_rows_is_noted(write: Write, load: Load, generator: np.random.Generator) -> None:
    names = ",".join(f"g{i}" for i in range(50))
    rows = "".join(",".join(map(str, generator.normal(size=50))) + f",{i % 2}\n" for i in range(20))
    data = load(write("t.csv", f"{names},y\n{rows}"))
    assert data.notes[-1] == (
        "More features (50) than rows (20): some features will look important by chance; "
        "trust a ranking only with its intervals."
    )


def test_groups_of_one_row_are_told(write: Write, load: Load) -> None:
    rows = "".join(f"p{i},{i * 7 % 40}.5,{i % 2}\n" for i in range(40))
    data = load(write("t.csv", "g,x,y\n" + rows), group="g")
    assert data.warnings == ("Every row is a group of its own in 'g', so that data.group changes nothing.",)


def test_many_columns_make_one_short_sentence(warnings_of: Callable[..., tuple[str, ...]]) -> None:
    (found,) = warnings_of(**{f"c{i}": [1.5] * 40 for i in range(30)})
    assert found.endswith("c0, c1, c2, c3, c4, c5, c6, c7, c8, c9 and 20 more.")
