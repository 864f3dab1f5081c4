"""Names that are shown to people."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from deepfeat.runs.labels import shortened, visible


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
def test_nothing_is_left_that_could_steer_a_terminal(text: str) -> None:
    shown = visible(text)
    assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in shown)
    assert len(shown.splitlines()) <= 1


def test_both_ends_of_a_long_name_are_kept() -> None:
    assert shortened("radius of the nucleus (worst)", 15) == "radius …(worst)"
    assert shortened("short", 5) == "short"
    assert shortened("血圧血圧血圧", 7) == "血…圧"


@given(st.text(), st.integers(1, 40))
def test_never_wider_than_asked(text: str, cells: int) -> None:
    assert cell_len(shortened(text, cells)) <= cells
