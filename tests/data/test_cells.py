import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deepfeat.data.cells import MissingMarks, is_inexact_integer, is_number, number_name, parse

NO_MARKS = MissingMarks.of([])


@settings(deadline=None)  # the first call sets the library up
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_every_number_is_read_exactly(numbers: list[float]) -> None:
    cells = parse(pa.array([repr(number) for number in numbers]), NO_MARKS)
    np.testing.assert_array_equal(cells.numbers, numbers)
    assert not cells.missing.any()


@settings(deadline=None)  # the first call sets the library up
@given(st.lists(st.text(), min_size=1))
@example(["0\x1f"])  # white space to Unicode, and no part of a number to Python
def test_every_cell_is_a_number_or_a_text_or_missing(texts: list[str]) -> None:
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    cells = parse(pa.array(texts, pa.string()), MissingMarks.of(["", "?"]))
    for number, missing, kept in zip(cells.numbers, cells.missing, cells.texts.to_pylist(), strict=True):
        if missing:
            assert kept is None
            assert math.isnan(number)
        elif math.isnan(number):
            assert not is_number(kept)
        else:
            assert number == float(kept)


@pytest.mark.parametrize("text", ["1", "-1", "+1", "1.", ".5", "1e5", "1E-5", "007", "-0", "1e999"])
def test_numbers(text: str) -> None:
    assert is_number(text)
    assert parse(pa.array([f" {text}\t"]), NO_MARKS).numbers[0] == float(text)


@pytest.mark.parametrize(
    "text", ["", ".", "-", "1_000", "1,5", "inf", "nan", "0x10", "1e", "e5", "1 2", "٣", "1.2.3", "--1", "1d"]
)
def test_texts_that_other_readers_take_for_numbers(text: str) -> None:
    assert not is_number(text)
    assert np.isnan(parse(pa.array([text]), NO_MARKS).numbers[0])


def test_marks_are_missing_with_blanks_around_them_and_nulls_always_are() -> None:
    cells = parse(pa.array(["?", " ? ", "??", None, "1"]), MissingMarks.of(["?"]))
    assert cells.missing.tolist() == [True, True, False, True, False]
    assert cells.texts.to_pylist() == [None, None, "??", None, "1"]


def test_a_numeric_mark_is_that_number_however_it_is_written() -> None:
    cells = parse(pa.array(["-9", "-9.0", "-9e0", "-99"]), MissingMarks.of(["-9"]))
    assert cells.missing.tolist() == [True, True, True, False]


@pytest.mark.parametrize(
    ("text", "inexact"),
    [
        ("9007199254740992", False),
        ("9007199254740993", True),
        ("-9007199254740993", True),
        ("0000000000000000000001", False),
        ("1" + "0" * 5000, True),
        ("0" * 5000, False),
        ("9007199254740993.0", False),
        ("1e30", False),
    ],
)
def test_integers_that_a_float_cannot_hold(text: str, *, inexact: bool) -> None:
    assert is_inexact_integer(text) is inexact


@pytest.mark.parametrize(("value", "name"), [(1.0, "1"), (-0.0, "0"), (0.1, "0.1"), (1e300, "1e+300")])
def test_names_of_numbers(value: float, name: str) -> None:
    assert number_name(value) == name
