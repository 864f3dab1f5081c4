"""Names that are shown to people."""

import math
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from deepfeat.writing.labels import duration, number_format, on_own_lines, shortened, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mean radius", "mean radius"),
        ("two\nlines", r"two\nlines"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("abc\u202etxt", r"abc\u202etxt"),
        ("Größe 血圧 גיל", "Größe 血圧 גיל"),
        ("क्\u200dष", "क्\u200dष"),
    ],
)
def test_invisible_characters_are_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
@settings(deadline=None)
def test_nothing_is_left_that_could_steer_a_terminal(text: str) -> None:
    shown = visible(text)
    assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in shown)
    assert len(shown.splitlines()) <= 1


def test_both_ends_of_a_long_name_are_kept() -> None:
    assert shortened("radius of the nucleus (worst)", 15) == "radius …(worst)"
    assert shortened("short", 5) == "short"
    assert shortened("血圧血圧血圧", 7) == "血…圧"


@given(st.text(), st.integers(1, 40))
@settings(deadline=None)
def test_never_wider_than_asked(text: str, cells: int) -> None:
    assert cell_len(shortened(text, cells)) <= cells


def test_only_the_first_line_of_a_message_starts_at_the_margin() -> None:
    assert on_own_lines("one\ntwo\x07\nthree") == "one\n    two\\x07\n    three"


@pytest.mark.parametrize(
    ("values", "spec"),
    [
        ([0.5, 0.1], ".3f"),
        ([0.0812, math.nan], ".4f"),
        ([12.0, -345.0], ".0f"),
        ([0.0, 0.0], ".2f"),
        ([], ".2f"),
        ([6.6e-5], ".7f"),
        ([1e-9], ".2e"),
        ([1e9, math.inf], ".2e"),
    ],
)
def test_numbers_of_a_column_show_three_digits_of_the_largest(values: list[float], spec: str) -> None:
    assert number_format(values) == spec


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (59.6, "1 min 00 s"),
        (42, "42 s"),
        (185, "3 min 05 s"),
        (7500, "2 h 05 min"),
    ],
)
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said
