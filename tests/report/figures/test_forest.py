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
from deepfeat.writing import canvas
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
    draw_forests(
        estimated(
            make_run(["a", "b"], methods=("odds",)), odds="log odds ratio of yes per standard deviation"
        )
    )
    (axes,) = drawn[0].axes
    assert axes.get_xscale() == "log"
    squares = [line for line in axes.lines if line.get_marker() == "s"]
    assert np.nanmax(squares[0].get_xdata()) == pytest.approx(np.exp(0.5))
    assert 1.0 in [line.get_xdata()[0] for line in axes.lines]
    assert "1.65 (1.49 to 1.82)" in words(drawn[0])
    assert "< 0.001" in words(drawn[0])
    assert "odds ratio of yes per standard deviation" in words(drawn[0])


def test_an_effect_that_is_not_defined_is_left_empty(make_run: MakeRun, drawn: list[Figure]) -> None:
    draw_forests(estimated(make_run(["a", "b"], methods=("net",)), net="change of y"))
    estimates = [text for text in words(drawn[0]) if "to" in text.split()]
    assert estimates == ["0.500 (0.400 to 0.600)"]


def test_more_scales_go_to_more_figures(make_run: MakeRun) -> None:
    paths = make_run(["a", "b"], methods=("u", "v", "w"))
    pictures = draw_forests(estimated(paths, u="first", v="second", w="third"))
    assert [picture.name for picture in pictures] == ["forest", "forest_2"]


def test_effects_of_networks_and_of_a_linear_model_stand_side_by_side(make_run: MakeRun) -> None:
    paths = make_run(["a", "b"], methods=("rise", "net", "odds"))
    scales = {"rise": "rise of the log loss", "net": "change of probability", "odds": "log odds ratio"}
    first, second = draw_forests(estimated(paths, **scales))
    assert first.title == "Effects with their 95 % intervals: net and odds"
    assert second.title.endswith(": rise")


def table_of(paths: RunPaths, method: str, scale: str, effect: list[float], reach: list[float]) -> Results:
    """Gives a method effects and the halves of their intervals."""
    record = json.loads(paths.provenance.read_text())
    record["methods"][method]["scale"] = scale
    paths.provenance.write_text(json.dumps(record))
    features, given, half = Results(paths.root).ranking["feature"], np.array(effect), np.array(reach)
    ends = {"ci_low": given - half, "ci_high": given + half}
    write_table(paths.estimates(method), pd.DataFrame({"feature": features, "effect": given, **ends}))
    return Results(paths.root)


def test_ratios_that_cannot_be_told_do_not_squeeze_the_others(make_run: MakeRun, drawn: list[Figure]) -> None:
    paths = make_run(["a", "b", "c"], methods=("odds",))
    draw_forests(table_of(paths, "odds", "log odds ratio", [0.5, 12.5, -20.0], [0.2, 1.0, 30.0]))
    (axes,) = drawn[0].axes
    low, high = axes.get_xlim()
    assert 1e-4 < low < 1e-3
    assert 1e3 < high < 1e4
    assert 1.0 in axes.get_xticks()
    assert "2.7\u00d710\u2075 (9.9\u00d710\u2074 to 7.3\u00d710\u2075)" in words(drawn[0])
    assert "2.1\u00d710\u207b\u2079 (1.9\u00d710\u207b\u00b2\u00b2 to 2.2\u00d710\u2074)" in words(drawn[0])


def test_a_column_of_numbers_has_one_number_of_decimals(make_run: MakeRun, drawn: list[Figure]) -> None:
    paths = make_run(["a", "b", "c"], methods=("net",))
    draw_forests(table_of(paths, "net", "change of y", [0.00001, -0.02, -0.00001], [0.004, 0.03, 0.003]))
    estimates = [text for text in words(drawn[0]) if " to " in text]
    assert estimates == [
        "0.00001 (\u22120.00399 to 0.00401)",
        "\u22120.02000 (\u22120.05000 to 0.01000)",
        "\u22120.00001 (\u22120.00301 to 0.00299)",
    ]


def test_intervals_are_only_cut_off_where_they_would_take_over(
    make_run: MakeRun, drawn: list[Figure]
) -> None:
    draw_forests(table_of(make_run(["a", "b"], methods=("net",)), "net", "change", [0.5, 0.2], [0.3, 0.1]))
    (axes,) = drawn[0].axes
    assert axes.get_xlim()[1] > 0.8


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


def test_the_csv_has_the_features_that_are_not_drawn(make_run: MakeRun, drawn: list[Figure]) -> None:
    paths = make_run(["a", "b", "c"], methods=("net",))
    (picture,) = draw_forests(estimated(paths, net="change of y"), top=2)
    assert picture.table["feature"].tolist() == Results(paths.root).ranking["feature"].tolist()
    assert len(drawn[0].axes[0].get_yticks()) == 2


def test_says_what_is_tested_and_how_it_is_adjusted(make_run: MakeRun, drawn: list[Figure]) -> None:
    paths = make_run(["a", "b"], methods=("net", "line", "own"))
    record = json.loads(paths.provenance.read_text())
    features = Results(paths.root).ranking["feature"]
    p = np.array([0.01, 0.5])
    for method, q in (("net", [0.02, 0.5]), ("line", [0.02, 0.5]), ("own", [0.3, 0.9])):
        notes = ["Another note.", "Effects between two levels are drug: yes against no."]
        told = {"scale": "change of y", "null_hypothesis": "It does nothing.", "notes": notes}
        record["methods"][method] |= told
        ends = {"effect": [0.5, 0.1], "ci_low": [0.4, -0.1], "ci_high": [0.6, 0.3]}
        table = {"feature": features, **ends, "p_value": p, "q_value": q}
        write_table(paths.estimates(method), pd.DataFrame(table))
    paths.provenance.write_text(json.dumps(record))
    caption = draw_forests(Results(paths.root))[0].caption
    how = "It does nothing; q: p adjusted for 2 features by"
    assert f"What p speaks against (net and line): {how} Benjamini-Hochberg." in caption
    assert f"What p speaks against (own): {how} the method." in caption
    assert "on its right, what stands above the panel grows with the feature" in caption
    assert caption.count("Effects between two levels are drug: yes against no.") == 1
    assert "Another" not in caption
    assert len(drawn) == 1


def test_a_long_scale_stays_above_its_own_panel(make_run: MakeRun, drawn: list[Figure]) -> None:
    paths = make_run(["a", "b"], methods=("net", "odds"))
    draw_forests(estimated(paths, net="change of y", odds=f"log odds ratio of {'x' * 80} per deviation"))
    with canvas.look([]):
        drawn[0].draw_without_rendering()
        headings = [text for axes in drawn[0].axes for text in axes.texts if text.get_weight() == "bold"]
        first, second = (heading.get_window_extent() for heading in headings)
    assert first.x1 < second.x0
    assert second.x1 < drawn[0].bbox.x1
