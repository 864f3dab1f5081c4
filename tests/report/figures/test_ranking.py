"""The figure of the ranking."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from deepfeat.report.figures.ranking import draw_ranking
from deepfeat.report.figures.spread import draw_spread
from deepfeat.report.results import Results
from deepfeat.runs.paths import RunPaths

MakeRun = Callable[..., RunPaths]


def test_names_are_drawn_as_they_are(make_run: MakeRun, drawn: list[Figure]) -> None:
    names = [
        "$\\alpha_1$ and $x^2",
        "<b>bold</b> & \x1b[31m\ntwo lines",
        "\u202eright to left",
        "=cmd|' /C calc'!A0",
    ]
    draw_ranking(Results(make_run(names).root))
    labels = [label.get_text() for label in drawn[0].axes[0].get_yticklabels()]
    assert "$\\alpha_1$ and $x^2" in labels
    assert r"<b>bold</b> & \x1b[31m\ntwo lines" in labels
    assert r"\u202eright to left" in labels
    assert "=cmd|' /C calc'!A0" in labels
    assert not any(label.get_parse_math() for label in drawn[0].axes[0].get_yticklabels())


def test_bars_are_the_ranking(make_run: MakeRun, drawn: list[Figure]) -> None:
    paths = make_run([f"f{index:02d}" for index in range(40)])
    picture = draw_ranking(Results(paths.root))
    axes = drawn[0].axes[0]
    bars = [bar.get_width() for bar in axes.patches]
    assert len(bars) == 30
    assert bars == sorted(bars, reverse=True)
    assert bars == picture.table["importance"].tolist()
    low, high = np.array([segment[:, 0] for segment in axes.collections[0].get_segments()]).T
    assert (low <= bars).all()
    assert (bars <= high).all()
    subtitle = drawn[0].texts[1].get_text()
    assert "the best 30 of 40 features" in subtitle
    assert "mean of 5 networks" in subtitle
    assert "95 % interval" in subtitle


def test_other_models_that_carry_the_ranking_are_counted(make_run: MakeRun, drawn: list[Figure]) -> None:
    paths = make_run(["a", "b"])
    shares = {"networks": 0.5, "trees": 0.4, "lasso": 0.1, "line": 0.0}
    paths.answer.write_text(json.dumps({"members": {"averaged": 4}, "carried_by": shares}))
    subtitle = draw_ranking(Results(paths.root)).caption
    assert "mean of 4 networks and 2 other models" in subtitle
    assert "interval over networks and splits" in subtitle
    paths.answer.write_text(json.dumps({"carried_by": {"networks": 0.0, "trees": 1.0}}))
    assert "mean of 1 model other than networks" in draw_ranking(Results(paths.root)).caption
    assert len(drawn) == 2


def test_one_model_has_no_interval(make_run: MakeRun, drawn: list[Figure]) -> None:
    draw_ranking(Results(make_run(["a"], members=1, methods=("gate",)).root))
    subtitle = drawn[0].texts[1].get_text()
    assert subtitle.replace(" \N{MIDDLE DOT} ", "|") == "the only feature|one network|gate"


@pytest.mark.parametrize("draw", [draw_ranking, draw_spread])
@pytest.mark.parametrize(
    "case",
    [
        {"normalise": "none", "shift": 3.0},
        {"normalise": "none", "shift": 100.0},
        {"normalise": "none", "scale": 1e250},
        {"normalise": "none", "scale": 0.0},
        {"normalise": "rank", "across_methods": "mean_rank"},
        {"failed": (0, 1, 2, 3)},
    ],
)
def test_unusual_scales_are_drawn(make_run: MakeRun, drawn: list[Figure], draw: Callable, case: dict) -> None:
    draw(Results(make_run(["a", "b", "c"], **case).root))
    for axes in drawn[0].axes:
        left, right = axes.get_xlim()
        assert np.isfinite([left, right]).all()
        assert left <= 0.0 <= right
        assert left < right
