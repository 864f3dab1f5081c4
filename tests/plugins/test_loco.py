"""loco: the loss without a feature, tested over rows."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from deepfeat.testing.planted import planted
from deepfeat.writing.csvfiles import read_table

Infer = Any  # see conftest.py


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
def test_known_answer(infer: Infer, tmp_path: Path, task: str) -> None:
    data = planted(task=task).dataset()
    found = infer("loco", data)
    crossfit = infer.crossfit("loco", data)
    with_all = crossfit.losses(crossfit.answers_with_all(crossfit.with_all()))
    rise = crossfit.losses(crossfit.answers_without([(1,)])[0]) - with_all
    assert found.p_value[1] == pytest.approx(stats.ttest_1samp(rise, 0, alternative="greater").pvalue)
    assert found.effect[1] == pytest.approx(rise.mean())
    low, high = stats.ttest_1samp(rise, 0).confidence_interval(0.95)
    assert (found.ci_low[1], found.ci_high[1]) == pytest.approx((low, high))
    assert found.p_value.argmin() == 1


def test_an_irrelevant_feature_does_not_help(infer: Infer, tmp_path: Path) -> None:
    found = infer("loco", planted(task="regression").dataset())
    noise = np.delete(np.arange(6), 1)
    assert found.p_value[noise].min() > 0.01
    assert found.scores[0, noise].max() < 0.01 * found.scores[0, 1]


def test_the_scale_says_which_loss(infer: Infer, tmp_path: Path) -> None:
    scales = [infer("loco", planted(task=task).dataset()).scale for task in ("binary", "regression")]
    assert scales == [
        "rise of the log loss without the feature",
        "rise of the squared error without the feature",
    ]


def test_a_cluster_is_tested_beside_its_features(infer: Infer, tmp_path: Path) -> None:
    data = planted(task="regression").dataset()
    x = data.x.copy()
    x[:, 4] = x[:, 1] + 0.001 * x[:, 4]
    found = infer("loco", replace(data, x=x))
    tests = read_table(tmp_path / "tests.csv", text=["features", "is_cluster"]).set_index("features")
    assert tests.loc["feature 1 + feature 4", "p_value"] < 1e-10
    # Either of the two can stand in for the other, so that neither is needed.
    assert found.effect[1] < 0.05 * tests.loc["feature 1 + feature 4", "effect"]


def test_rows_of_a_group_count_once(infer: Infer, tmp_path: Path) -> None:
    data = planted(task="regression", rows=60).dataset()
    groups = np.repeat(np.arange(60), 4)
    repeated = replace(data, x=data.x[groups], y=data.y[groups], groups=groups)
    naive = replace(repeated, groups=None)
    grouped, rows = (infer("loco", table) for table in (repeated, naive))
    assert grouped.std_error[1] > 1.5 * rows.std_error[1]
    assert grouped.assumption.endswith("; groups of rows are independent")
    assert rows.assumption.endswith("; rows are independent")
