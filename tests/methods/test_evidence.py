"""What a method that does inference answers."""

from pathlib import Path

import numpy as np
import pytest

from deepfeat.data.derived import reordered
from deepfeat.methods import Context, CrossFit, CrossFitParams, Findings, conclude
from deepfeat.testing.planted import planted
from deepfeat.writing.csvfiles import read_table

WORDS = {"scale": "marks", "null_hypothesis": "nothing there", "assumption": "none", "notes": ["a note"]}


@pytest.fixture
def crossfit(tmp_path: Path) -> CrossFit:
    data = planted().dataset()
    turned = reordered(data, np.array([5, 4, 3, 2, 1, 0]))
    return CrossFit.of(turned, CrossFitParams(), Context(0, "asking", tmp_path))


def findings(count: int) -> Findings:
    numbers = np.arange(float(count))
    return Findings(
        strength=numbers, p_value=numbers / 10, effect=numbers - 2, details={"draws": numbers + 100}
    )


def test_answers_stand_in_the_order_of_the_table(crossfit: CrossFit) -> None:
    found = conclude(crossfit, crossfit.questions, findings(6), **WORDS)
    found.check(None, 6)
    np.testing.assert_array_equal(found.scores, [[5, 4, 3, 2, 1, 0]])
    np.testing.assert_allclose(found.p_value, [0.5, 0.4, 0.3, 0.2, 0.1, 0])
    assert found.std_error is None
    assert (found.null_hypothesis, found.assumption) == ("nothing there", "none; rows are independent")
    assert found.notes == ("a note",)


def test_the_table_has_a_row_per_question(crossfit: CrossFit, tmp_path: Path) -> None:
    object.__setattr__(crossfit, "clusters", [(1, 4)])
    found = conclude(crossfit, crossfit.questions, findings(7), **WORDS)
    table = read_table(tmp_path / "tests.csv", text=["features", "is_cluster"])
    assert table["features"].tolist() == [*(f"feature {j}" for j in range(6)), "feature 1 + feature 4"]
    assert table["cluster"].tolist() == [0, 1, 0, 0, 1, 0, 1]
    np.testing.assert_allclose(table["draws"], np.arange(100, 107))
    assert "feature 1 + feature 4 (together p = 0.6)" in found.notes[1]
    assert len(found.p_value) == 6


def test_features_that_were_screened_out_have_no_p_value(tmp_path: Path) -> None:
    data = planted(features=8, rows=400).dataset()
    crossfit = CrossFit.of(data, CrossFitParams(screen=2), Context(0, "asking", tmp_path))
    found = conclude(crossfit, crossfit.questions, findings(2), **WORDS)
    found.check(None, 8)
    assert np.isnan(found.p_value).sum() == 6
    np.testing.assert_allclose(found.p_value[crossfit.tested], [0, 0.1])
    assert found.scores.min() == 0
    assert "Only the 2 of 8 features" in found.notes[1]
