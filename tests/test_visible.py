"""Names that others chose, shown."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfeat.visible import on_own_lines, visible


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


def test_only_the_first_line_of_a_message_starts_at_the_margin() -> None:
    assert on_own_lines("one\ntwo\x07\nthree") == "one\n    two\\x07\n    three"
