"""Names that are shown to people."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from deepfeat.writing.labels import counted, duration, number_format, shortened


def test_both_ends_of_a_long_name_are_kept() -> None:
    assert shortened("radius of the nucleus (worst)", 15) == "radius …(worst)"
    assert shortened("short", 5) == "short"
    assert shortened("血圧血圧血圧", 7) == "血…圧"


@given(st.text(), st.integers(1, 40))
@settings(deadline=None)
def test_never_wider_than_asked(text: str, cells: int) -> None:
    assert cell_len(shortened(text, cells)) <= cells


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


@pytest.mark.parametrize(("number", "said"), [(0, "0 rows"), (1, "1 row"), (2000, "2,000 rows")])
def test_counts(number: int, said: str) -> None:
    assert counted(number, "row") == said
