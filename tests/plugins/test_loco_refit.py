"""loco_refit: the rise of the loss when networks are trained without a feature."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepfeat.methods import Importance, MethodError
from deepfeat.methods.registry import Registry
from deepfeat.testing.families import PROBLEMS
from deepfeat.testing.linear import LinearEnsemble
from deepfeat.testing.planted import planted

Ask = Callable[..., Importance]


def test_known_answer(ask: Ask) -> None:
    data = planted(task="regression").dataset()
    ensemble = LinearEnsemble.fit(data)
    found = ask("loco_refit", ensemble, data)
    assert found.scores.shape == (4, 6)
    for feature in range(data.n_features):
        mask = ensemble.plan.mask.copy()
        mask[:, feature] = False
        without = LinearEnsemble.refit(data, replace(ensemble.plan, mask=mask))
        for member, split in enumerate(ensemble.plan.splits):
            x, y = data.x[split.held_out], data.y[split.held_out].astype(np.float64)
            before, after = (np.mean((each.predict(x)[member] - y) ** 2) for each in (ensemble, without))
            np.testing.assert_allclose(found.scores[member, feature], after - before, rtol=1e-4, atol=1e-7)


def test_it_trains_with_all_features_again_only_where_it_must(registry: Registry, ask: Ask) -> None:
    data = planted().dataset()
    method = registry.methods["loco_refit"]
    assert method().fits(data, 100) == 20 * 6
    assert method().fits(data, 4) == 4 * 6
    assert method(method.Params(patience=30)).fits(data, 100) == 20 * 7
    assert method(method.Params(screen=3)).fits(data, 100) == 20 * 4
    few = ask("loco_refit", LinearEnsemble.fit(data), data, seeds=2)
    assert few.scores.shape == (2, 6)
    assert few.notes == ("2 networks on either side of every comparison; a row of scores for each.",)


def test_copies_are_worth_nothing_alone_and_something_together(ask: Ask, tmp_path: Path) -> None:
    data = planted().dataset()
    x = data.x.copy()
    x[:, 4] = x[:, 1]
    twice = replace(data, x=x)
    ensemble = LinearEnsemble.fit(twice)
    alone = ask("loco_refit", ensemble, twice).scores.mean(axis=0)
    assert np.abs(alone[[1, 4]]).max() < 0.02
    for groups in ("correlated", (("feature 4", "feature 1"),)):
        together = ask("loco_refit", ensemble, twice, groups=groups)
        mean = together.scores.mean(axis=0)
        assert mean[1] == mean[4] > 10 * np.abs(np.delete(mean, [1, 4])).max()
        assert "feature 1 + feature 4" in together.notes[1]
        table = pd.read_csv(tmp_path / "left_out.csv").set_index("left_out")
        assert table.loc["feature 1 + feature 4", "rise"] == pytest.approx(2 * mean[1])
        assert len(table) == 5
        np.testing.assert_allclose(table["rise"], table["loss_without"] - table["loss_with"])


@pytest.mark.parametrize(
    ("groups", "reason"),
    [
        ((("feature 1", "feature 9"),), "'feature 9', which is no feature"),
        ((("feature 1", "feature 2"), ("feature 2", "feature 3")), "a feature twice"),
    ],
)
def test_wrong_groups_are_told(groups: object, reason: str, ask: Ask) -> None:
    data = planted().dataset()
    with pytest.raises(MethodError, match=reason):
        ask("loco_refit", LinearEnsemble.fit(data), data, groups=groups)


def test_a_wide_table_is_refused_or_screened(ask: Ask) -> None:
    problem = PROBLEMS["additive"](400, 600, 0)
    data = problem.dataset()
    ensemble = LinearEnsemble.fit(data, 4)
    with pytest.raises(MethodError, match=r"may train 2,400 .*most_fits is 2,000; set screen: 50"):
        ask("loco_refit", ensemble, data, most_fits=2000)
    found = ask("loco_refit", ensemble, data, most_fits=2000, screen=10)
    assert (found.scores != 0).any(axis=0).sum() <= 10
    assert "Screened: 10 of 600 features were kept" in found.notes[-1]
    assert set(np.argsort(-found.scores.mean(axis=0))[:4]) == set(problem.relevant)
