"""effect: the generalised covariance measure and partial effects of networks."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.data.derived import reordered
from deepfeat.inference.gcm import gcm_test, partial_effect
from deepfeat.testing.families.encoding import encode
from deepfeat.testing.planted import planted
from deepfeat.writing.csvfiles import read_table

Infer = Any  # see conftest.py

NAMES = ("a", "b", "c", "d")


def numbers(rows: int = 400, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 4)) * [1, 10, 1, 1]
    x[:, 2] += 0.5 * x[:, 0]
    return encode("numbers", x, 2 * x[:, 0] - 0.1 * x[:, 1] + rng.normal(size=rows), "regression", NAMES)


def test_known_answer(infer: Infer, tmp_path: Path) -> None:
    data = numbers()
    found = infer("effect", data)
    crossfit = infer.crossfit("effect", data)
    left = crossfit.unexplained([(1,)])[0]
    target = crossfit.y - crossfit.answers_without([(1,)])[0]
    effect = partial_effect(left[:, 0], target[:, 0])
    deviation = data.x[:, 1].std(dtype=np.float64)
    assert found.p_value[1] == pytest.approx(gcm_test(left, target).p_value)
    assert found.effect[1] == pytest.approx(effect.estimate * deviation)
    assert found.std_error[1] == pytest.approx(effect.std_error * deviation)
    assert found.scores.shape == (1, 4)


def test_with_linear_models_it_is_least_squares(infer: Infer, tmp_path: Path) -> None:
    data = numbers(2000)
    found = infer("effect", data)
    design = np.column_stack([np.ones(2000), data.x.astype(float)])
    slopes = np.linalg.lstsq(design, data.y[:, 0].astype(float), rcond=None)[0][1:]
    np.testing.assert_allclose(found.effect, slopes * data.x.std(axis=0), atol=0.03)
    np.testing.assert_allclose(found.std_error, 0.0224 * np.array([1.12, 1, 1.12, 1]), rtol=0.15)
    assert found.p_value[:2].max() < 1e-6
    assert found.scale == "change of y per standard deviation"


def test_the_order_of_columns_changes_no_bit(infer: Infer, tmp_path: Path) -> None:
    data = numbers()
    order = np.array([2, 0, 3, 1])
    straight, turned = (
        infer("effect", table) for table, name in ((data, "one"), (reordered(data, order), "two"))
    )
    for field in ("scores", "p_value", "effect", "std_error", "ci_low", "ci_high"):
        np.testing.assert_array_equal(getattr(turned, field), getattr(straight, field)[..., order])


def test_categories_and_classes_are_tested_as_a_whole(infer: Infer, tmp_path: Path) -> None:
    data = planted(task="multiclass", category=True).dataset()
    found = infer("effect", data)
    assert np.isnan(found.effect).all()
    assert found.p_value.argmin() == 1
    assert any("Calibration measured at three classes" in note for note in found.notes)
    table = read_table(tmp_path / "tests.csv", text=["features", "is_cluster"])
    np.testing.assert_array_equal(table["degrees"], 4)
    np.testing.assert_array_equal(table["units_left"], data.n_rows - 4)
    levels = read_table(tmp_path / "levels.csv", text=["feature", "level", "class"])
    assert len(levels) == 6 * 3 * 3
    # each level against all others: the lowest makes the first class likelier, and the highest the last
    low = levels[(levels["feature"] == "feature 1") & (levels["level"] == "a")]
    np.testing.assert_array_less([0.5, -1], low["effect"].iloc[[0, 2]])
    strong = levels[(levels["feature"] == "feature 1") & (levels["level"] == "c")]
    np.testing.assert_array_less([-1, 0.5], strong["effect"].iloc[[0, 2]])


def test_several_labels_are_tested_together(infer: Infer, make_data: Callable[..., Dataset]) -> None:
    data = make_data("multilabel", rows=300)
    data = replace(data, x=np.random.default_rng(3).normal(size=(300, 4)).astype(np.float32))
    y = np.stack([data.x[:, 0] > 0, data.x[:, 0] < 0.5], axis=1).astype(np.float32)
    found = infer("effect", replace(data, y=y))
    assert found.p_value[0] < 1e-6
    assert found.p_value[1:].min() > 1e-3
    assert np.isnan(found.effect).all()


def test_two_levels_have_one_effect(infer: Infer, tmp_path: Path) -> None:
    data = numbers()
    category = encode(
        "two", _with_two_levels(data), data.y[:, 0].astype(float), "regression", ("a", "side", "c", "d")
    )
    found = infer("effect", category)
    # The step between the levels: the difference of the means of a normal number above and below 0.
    assert found.effect[1] == pytest.approx(-0.1 * 10 * 2 * np.sqrt(2 / np.pi), abs=0.4)
    assert np.isfinite(found.effect).all()
    first, second = category.features[1].levels
    assert f"Effects between two levels are side: {second} against {first}." in found.notes
    levels = read_table(tmp_path / "levels.csv", text=["feature", "level", "class"])
    of_side = levels[levels["feature"] == "side"].set_index("level")["effect"]
    assert of_side[second] == pytest.approx(found.effect[1])
    assert of_side[first] == pytest.approx(-of_side[second])
    assert found.scale == "change of y per standard deviation or between two levels"


def _with_two_levels(data: Dataset) -> object:
    import pandas as pd  # noqa: PLC0415 - slow to import

    table = pd.DataFrame(data.x.astype(float))
    table[1] = np.where(data.x[:, 1] > 0, "right", "left")
    return table


def test_a_cluster_is_tested_beside_its_features(infer: Infer, tmp_path: Path) -> None:
    data = numbers()
    x = data.x.copy()
    x[:, 3] = x[:, 0] + 0.1 * x[:, 3]
    table = encode("twins", x.astype(float), data.y[:, 0].astype(float), "regression", NAMES)
    found = infer("effect", table)
    tests = read_table(tmp_path / "tests.csv", text=["features", "is_cluster"]).set_index("features")
    assert tests.loc["a + d", "p_value"] < 1e-6
    assert "a + d (together p" in " ".join(found.notes)


def test_screening_tests_only_some(infer: Infer, tmp_path: Path) -> None:
    found = infer("effect", planted(features=12, rows=400).dataset(), screen=4)
    assert np.isnan(found.p_value).sum() == 8
    assert found.p_value[1] < 1e-6
    assert np.isfinite(found.scores).all()


def test_what_it_cannot_see_is_said(infer: Infer, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(600, 4))
    data = encode("even", x, x[:, 0] ** 2 + rng.normal(size=600), "regression", NAMES)
    found = infer("effect", data)
    assert any("blind to even effects" in note for note in found.notes)
    assert "pure interactions" in infer.method("effect").blind_to
    assert "linear" in found.assumption
