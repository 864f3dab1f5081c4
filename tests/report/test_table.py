"""The ranking as the page shows it."""

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from deepfeat.report.results import Results
from deepfeat.report.table import STATIC_ROWS, Column, ranking_table, written
from deepfeat.runs.paths import RunPaths

MakeRun = Callable[..., RunPaths]


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (0.1234, ".2f", "0.12"),
        (-0.5, ".1f", "\u22120.5"),
        (float("nan"), ".2f", ""),
        (0.0002, "p", "< 0.001"),
        (0.0412, "p", "0.041"),
        (12345.6, ".2e", "1.23e+04"),
        (-141280.0, ".0f", "\u2212141,280"),
        (1234.5, ".1f", "1,234.5"),
    ],
)
def test_numbers_are_written_as_people_read_them(value: float, form: str, text: str) -> None:
    assert written(value, form) == text


def test_an_interval_has_two_ends_or_is_empty() -> None:
    column = Column("i", "interval", "interval", ([0.1, np.nan], [0.2, np.nan]), form=".1f")
    assert [column.text(row) for row in range(2)] == ["0.1 to 0.2", ""]


def test_has_a_column_per_method_and_per_estimate(make_run: MakeRun) -> None:
    table = ranking_table(Results(make_run(["a", "b"], full=True).root))
    keys = [column.key for column in table.columns]
    assert keys[:6] == ["rank", "feature", "importance", "bar", "interval", "rank interval"]
    assert {"method gate", "method first_layer", "gate.p_value", "first_layer.effect"} <= set(keys)
    assert [group.id for group in table.groups] == ["stability", "tests", "methods"]
    assert [group.shown for group in table.groups] == [True, False, True]


def test_an_effect_is_called_what_its_method_calls_it(make_run: MakeRun) -> None:
    table = ranking_table(Results(make_run(["a", "b"], full=True).root))
    labels = {column.key: column.label for column in table.columns}
    assert labels["gate.effect"] == "gate: change of y"
    assert labels["first_layer.effect"] == "first_layer: log odds ratio of yes"


def test_says_what_the_numbers_mean(make_run: MakeRun) -> None:
    paths = make_run(["a", "b"], full=True)
    answer = {"top_k": 2, "carried_by": {"networks": 0.5, "trees": 0.5}}
    paths.answer.write_text(json.dumps(answer))
    assert ranking_table(Results(paths.root)).legend == (
        "Importance: share of the importance of all features. "
        "Intervals: 95 %, over networks and splits; not over new data. "
        "In top 2, %: of the networks, how many rank the feature so high. Effect, p and q: see Effects."
    )


def test_tests_without_a_single_effect_are_not_looked_for_among_effects(make_run: MakeRun) -> None:
    paths = make_run(["a", "b"], full=True)
    ranking = pd.read_csv(paths.ranking)
    none = [name for name in ranking if name.rpartition(".")[2] in ("effect", "ci_low", "ci_high")]
    ranking[none] = np.nan
    ranking.to_csv(paths.ranking, index=False)
    table = ranking_table(Results(paths.root))
    assert table.legend.endswith("Effect, p and q: see Methods.")
    keys = {column.key for column in table.columns}
    assert "gate.p_value" in keys
    assert "gate.effect" not in keys


def test_says_no_more_than_the_table_has(make_run: MakeRun) -> None:
    paths = make_run(["a"], members=1, methods=("gate",), across_methods="robust_rank")
    legend = ranking_table(Results(paths.root)).legend
    assert legend == (
        "Importance: agreement of the methods on a high rank (-log10 of rho, Kolde et al. 2012)."
    )


def test_the_script_gets_everything_and_the_page_the_first_rows(make_run: MakeRun) -> None:
    names = [f"f{number:03d}" for number in range(120)]
    results = Results(make_run(names).root)
    table = ranking_table(results)
    content = json.loads(table.json)
    assert content["names"] == results.ranking["feature"].tolist()
    importance = next(column for column in content["columns"] if column["key"] == "importance")
    assert importance["values"] == pytest.approx(results.ranking["importance"].tolist(), rel=1e-5)
    assert len(table.rows) == STATIC_ROWS
    assert table.rest


def test_what_the_script_gets_cannot_end_its_element(make_run: MakeRun) -> None:
    text = str(ranking_table(Results(make_run(["</script><b>", "\u2028", "x" * 200]).root)).json)
    assert "<" not in text
    assert "\u2028" not in text
    content = json.loads(text)
    assert "</script><b>" in content["names"]
    assert "x" * 200 in content["full"].values()


def test_bars_reach_from_zero_to_the_importance(make_run: MakeRun) -> None:
    table = ranking_table(Results(make_run(["a", "b", "c"], normalise="none", shift=3.0).root))
    bars = [next(cell for cell in row if cell["kind"] == "bar") for row in table.rows]
    start = min(table.ranking[["importance", "ci_low"]].min())
    reach = table.ranking[["importance", "ci_high"]].max().max() - start
    zero = 100 * (0 - start) / reach
    for bar, value in zip(bars, table.ranking["importance"], strict=True):
        assert 0 <= bar["low"] <= bar["high"] <= 100
        assert bar["width"] == pytest.approx(100 * abs(value) / reach, abs=0.02)
        assert bar["x"] == pytest.approx(zero if value > 0 else zero - bar["width"], abs=0.03)


def test_a_decision_is_written_as_a_word(make_run: MakeRun) -> None:
    paths = make_run(["a", "b"])
    results = Results(paths.root)
    ranking = results.ranking.assign(**{"knock.selected": [1, 0]})
    object.__setattr__(results, "__dict__", {**results.__dict__, "ranking": pd.DataFrame(ranking)})
    column = next(column for column in ranking_table(results).columns if column.key == "knock.selected")
    assert [column.text(row) for row in range(2)] == ["yes", ""]
