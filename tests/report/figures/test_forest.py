"""Forest plots."""

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from deepfeat.report.figures.forest import draw_forests
from deepfeat.report.results import Results
from deepfeat.runs.paths import RunPaths
from deepfeat.writing.csvfiles import write_table

MakeRun = Callable[..., RunPaths]


def estimated(paths: RunPaths, **scales: str) -> Results:
    """Gives methods estimates on these scales: 0.5 for feature `a`, none for any other."""
    features = Results(paths.root).ranking["feature"]
    record = json.loads(paths.provenance.read_text())
    is_a = (features == "a").to_numpy()
    effect = np.where(is_a, 0.5, np.nan)
    for method, scale in scales.items():
        record["methods"][method]["scale"] = scale
        table = {"feature": features, "effect": effect, "ci_low": effect - 0.1, "ci_high": effect + 0.1}
        write_table(paths.estimates(method), pd.DataFrame({**table, "p_value": np.where(is_a, 0.0004, 0.5)}))
    paths.provenance.write_text(json.dumps(record))
    return Results(paths.root)


def words(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_methods_share_a_panel_only_on_the_same_scale(make_run: MakeRun, drawn: list[Figure]) -> None:
    paths = make_run(["a", "b"], methods=("net", "line", "odds"))
    results = estimated(paths, net="change of y", line="change of y", odds="log odds ratio")
    (picture,) = draw_forests(results)
    assert len(drawn[0].axes) == 2
    assert {"change of y", "odds ratio"} <= set(words(drawn[0]))
    assert set(picture.table["method"]) == {"net", "line", "odds"}


def test_odds_ratios_stand_on_a_logarithmic_axis_with_their_line_at_one(
    make_run: MakeRun, drawn: list[Figure]
) -> None:
    draw_forests(estimated(make_run(["a", "b"], methods=("odds",)), odds="log odds ratio per deviation"))
    (axes,) = drawn[0].axes
    assert axes.get_xscale() == "log"
    squares = [line for line in axes.lines if line.get_marker() == "s"]
    assert np.nanmax(squares[0].get_xdata()) == pytest.approx(np.exp(0.5))
    assert 1.0 in [line.get_xdata()[0] for line in axes.lines]
    assert "1.65 (1.49 to 1.82)" in words(drawn[0])
    assert "< 0.001" in words(drawn[0])


def test_an_effect_that_is_not_defined_is_left_empty(make_run: MakeRun, drawn: list[Figure]) -> None:
    draw_forests(estimated(make_run(["a", "b"], methods=("net",)), net="change of y"))
    estimates = [text for text in words(drawn[0]) if "to" in text.split()]
    assert estimates == ["0.500 (0.400 to 0.600)"]


def test_more_scales_go_to_more_figures(make_run: MakeRun) -> None:
    paths = make_run(["a", "b"], methods=("u", "v", "w"))
    pictures = draw_forests(estimated(paths, u="first", v="second", w="third"))
    assert [picture.name for picture in pictures] == ["forest", "forest_2"]


def test_without_estimates_there_is_no_forest(make_run: MakeRun) -> None:
    assert draw_forests(Results(make_run(["a", "b"]).root)) == []


def test_endless_intervals_stay_inside_of_the_panel(make_run: MakeRun, drawn: list[Figure]) -> None:
    features = [f"f{number:02d}" for number in range(30)]
    paths = make_run(features, methods=("odds",))
    record = json.loads(paths.provenance.read_text())
    record["methods"]["odds"]["scale"] = "log odds ratio"
    paths.provenance.write_text(json.dumps(record))
    effect = np.linspace(-1, 1, 30)
    reach = np.where(np.arange(30) == 4, 900.0, 0.3)
    table = pd.DataFrame(
        {"feature": features, "effect": effect, "ci_low": effect - reach, "ci_high": effect + reach}
    )
    write_table(paths.estimates("odds"), table)
    draw_forests(Results(paths.root))
    (axes,) = drawn[0].axes
    low, high = axes.get_xlim()
    assert 0.05 < low < high < 20
    assert {"<", ">"} <= {line.get_marker() for line in axes.lines if len(line.get_xdata())}
