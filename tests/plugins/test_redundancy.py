"""redundancy: what the other features explain."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from deepfeat.data.dataset import Dataset, Feature
from deepfeat.data.derived import with_features
from deepfeat.methods import Importance
from deepfeat.testing.planted import planted

Ask = Callable[..., Importance]


def verdicts(folder: Path) -> dict[str, str]:
    table = pd.read_csv(folder / "redundancy.csv")
    return dict(zip(table["feature"], table["verdict"], strict=True))


def with_copies(rows: int = 1000) -> Dataset:
    """Six independent features, then nearly the first, half of the second, and a sum of three."""
    data = planted(rows=rows).dataset()
    rng = np.random.default_rng(0)
    x = data.x.astype(np.float64)
    near = x[:, 0] + 0.1 * rng.normal(size=rows)
    half = 0.8 * x[:, 1] + 0.6 * rng.normal(size=rows)
    return with_features(data, ["near", "half", "sum"], np.stack([near, half, x[:, 2:5].sum(axis=1)], axis=1))


def test_r2_is_that_of_the_formula(ask: Ask, tmp_path: Path) -> None:
    data = with_copies()
    r2 = ask("redundancy", (), data).scores[0]
    # corr(x, x + 0.1 e)^2 is 1 / 1.01; a feature of the sum is given by the sum and the other two.
    np.testing.assert_allclose(r2[[0, 6]], 1 / 1.01, atol=0.005)
    np.testing.assert_allclose(r2[[1, 7]], 0.64, atol=0.06)
    np.testing.assert_allclose(r2[[2, 3, 4, 8]], 1, atol=0.02)
    assert r2[5] < 0.02
    assert verdicts(tmp_path)["near"] == "not identifiable alone"
    assert verdicts(tmp_path)["half"] == "partly"
    assert verdicts(tmp_path)["feature 5"] == "identifiable"


def test_notes_name_them(ask: Ask) -> None:
    alone, partly = ask("redundancy", (), with_copies()).notes
    assert alone.startswith("Not identifiable alone, because the others say nearly the same: ")
    assert "near" in alone
    assert alone.endswith("and 1 more.")
    assert partly == "2 of 9 features are partly explained by the others (R2 of 0.5 and more)."
    assert ask("redundancy", (), planted(rows=1000).dataset()).notes == (
        "No feature is explained by the others to half or more.",
    )


def test_levels_of_a_category_do_not_explain_each_other(ask: Ask) -> None:
    data = planted(category=True, rows=600).dataset()
    assert ask("redundancy", (), data).scores.max() < 0.05
    # A number that is one of the levels is explained by the category, and explains a part of it.
    copied = with_features(data, ["copy"], data.x[:, :1])
    r2 = ask("redundancy", (), copied).scores[0]
    assert r2[-1] > 0.95
    assert 0.3 < r2[0] < 0.9


def test_more_features_than_rows(ask: Ask) -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(80, 300)).astype(np.float32)
    features = tuple(Feature(f"f{j}", j, j + 1) for j in range(300))
    data = replace(planted(rows=80).dataset(), x=x, features=features)
    noise = ask("redundancy", (), data).scores
    # Nothing explains noise, though a regression could fit it exactly.
    assert noise.max() < 0.3
    assert noise.mean() < 0.05


def test_a_constant_feature(ask: Ask) -> None:
    data = planted().dataset()
    x = data.x.copy()
    x[:, 2] = 7
    assert ask("redundancy", (), replace(data, x=x)).scores[0, 2] == 0
