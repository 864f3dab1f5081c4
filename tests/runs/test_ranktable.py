"""The ranking on a terminal."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfeat.ranking.table import build_ranking
from deepfeat.runs.ranktable import ranking_lines


def ranking(names: list[str], members: int = 4, methods: int = 2) -> pd.DataFrame:
    generator = np.random.default_rng(0)
    weights = np.linspace(1.0, 0.1, len(names))
    scores = {f"method_{m}": generator.gamma(9, size=(members, len(names))) * weights for m in range(methods)}
    return build_ranking(names, scores, resamples=100)


def plain(lines: list) -> list[str]:
    return [line.plain for line in lines]


def test_known_lines() -> None:
    table = pd.DataFrame(
        {
            "feature": ["chest pain", "age", "sex"],
            "importance": [0.5, 0.25, -0.1],
            "ci_low": [0.45, 0.25, -0.2],
            "ci_high": [0.55, 0.25, 0.0],
            "rank": [1, 2, 3],
            "gate": [0.5, 0.25, -0.1],
        }
    )
    assert plain(ranking_lines(table, width=80)) == [
        "  rank  feature                                      importance    95 % interval",
        "     1  chest pain  ████████████████████████████▏──       0.500   0.450 to 0.550",
        "     2  age         ██████████████▏                       0.250   0.250 to 0.250",
        "     3  sex                                              -0.100  -0.200 to 0.000",
    ]
    assert plain(ranking_lines(table, width=80, top=1, ascii_only=True, confidence=0.9)) == [
        "  rank  feature                                       importance   90 % interval",
        "     1  chest pain  #############################---       0.500  0.450 to 0.550",
        "  and 2 more in ranking.csv",
    ]


def test_one_member_has_no_interval_to_show() -> None:
    lines = plain(ranking_lines(ranking(["a", "b"], members=1), width=80))
    assert "interval" not in lines[0]
    assert not any("─" in line or "nan" in line for line in lines)


@pytest.mark.parametrize(("width", "shown"), [(80, 0), (90, 1), (160, 4)])
def test_methods_are_shown_where_there_is_room(width: int, shown: int) -> None:
    heading = plain(ranking_lines(ranking(["mean concave points", "b"], methods=4), width=width))[0]
    assert heading.count("method_") == shown


def test_importances_that_are_all_zero() -> None:
    table = build_ranking(["a", "b"], {"m": np.zeros((3, 2))}, resamples=100)
    assert plain(ranking_lines(table, width=60))[1].split() == ["1", "a", "0.00", "0.00", "to", "0.00"]


@given(
    names=st.lists(st.text(max_size=60), min_size=1, max_size=6, unique=True),
    width=st.integers(40, 220),
    methods=st.integers(1, 5),
    scale=st.integers(-200, 200).map(lambda power: math.pow(10.0, power)),
)
@settings(max_examples=50, deadline=None)
def test_never_wider_than_the_terminal(names: list[str], width: int, methods: int, scale: float) -> None:
    table = ranking(names, methods=methods)
    numbers = [name for name in table.columns if name not in ("feature", "rank")]
    table[numbers] *= scale
    lines = ranking_lines(table, width=width)
    assert len(lines) == len(names) + 1
    assert all(line.cell_len <= width for line in lines)
    assert not any(char in line.plain for line in lines for char in "\n\r\x1b\u2028")
