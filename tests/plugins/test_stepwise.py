"""stepwise: the order in which networks need the features, and where the path ends."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepfeat.methods import Context, Importance, MethodError
from deepfeat.methods.registry import Registry
from deepfeat.testing.families import PROBLEMS
from deepfeat.testing.linear import LinearEnsemble, LinearEnsembles
from deepfeat.testing.planted import planted

Ask = Callable[..., Importance]
FEW = {"seeds": 6, "folds": 3}


@pytest.mark.parametrize(
    ("direction", "seed"),
    [
        ("forward", 0),
        ("backward", 1),
        *(pytest.param("forward", seed, marks=pytest.mark.slow) for seed in (1, 2)),
        *(pytest.param("backward", seed, marks=pytest.mark.slow) for seed in (0, 2)),
    ],
)
def test_just_the_relevant_features_are_selected(direction: str, seed: int, ask: Ask, tmp_path: Path) -> None:
    problem = PROBLEMS["additive"](600, 8, seed)
    data = problem.dataset()
    answer = ask("stepwise", LinearEnsemble.fit(data), data, direction=direction, **FEW)
    order = pd.read_csv(tmp_path / "order.csv")
    selected = set(order.loc[order["selected"], "feature"])
    assert selected == {data.feature_names[feature] for feature in problem.relevant}
    np.testing.assert_array_equal(np.sort(answer.scores, axis=1), [[0, 0, 0, 0, 1, 2, 3, 4]] * 3)
    assert (answer.scores[:, problem.relevant] > 0).all()
    assert f"Selected by {direction} steps and the rule of one standard error" in answer.notes[0]
    assert "of which 3 select just these" in answer.notes[0]
    assert "choosing the features; their number was chosen by it: " in answer.notes[1]


def test_the_strongest_comes_first(ask: Ask, tmp_path: Path) -> None:
    data = planted(task="regression").dataset()
    y = 4 * data.x[:, 2] + 2 * data.x[:, 5] + data.x[:, 0]
    made = replace(data, y=y[:, None])
    answer = ask("stepwise", LinearEnsemble.fit(made), made, k=3, **FEW)
    np.testing.assert_array_equal(answer.scores, [[1, 0, 3, 0, 0, 2]] * 3)
    order = pd.read_csv(tmp_path / "order.csv")
    assert order["feature"].tolist()[:3] == ["feature 2", "feature 5", "feature 0"]
    assert order["selected"].tolist() == [True] * 3 + [False] * 3
    assert answer.notes[1].startswith("Loss on rows that had no part in choosing the features: ")


def test_noise_selects_nothing(ask: Ask) -> None:
    data = PROBLEMS["noise"](400, 6, 1).dataset()
    answer = ask("stepwise", LinearEnsemble.fit(data), data, **FEW)
    assert not answer.scores.any()
    assert "no feature" in answer.notes[0]


def test_rows_that_judge_have_no_part_in_the_choice(tmp_path: Path, registry: Registry) -> None:
    """The targets of a fold's rows are changed: its order stays, and only its loss moves."""
    data = PROBLEMS["additive"](300, 6, 0).dataset()
    plans = []

    def answer(table: object, folder: Path) -> pd.DataFrame:
        def fit(plan: object, **how: object) -> object:
            plans.append(plan)
            return LinearEnsembles().refit(table, plan)

        method = registry.methods["stepwise"]
        # Strata decide on the folds, so those of the unchanged table are kept.
        table.__dict__["strata"] = data.strata
        context = Context(0, "stepwise", folder, fit=fit)
        method(method.Params(k=6, **FEW)).explain(LinearEnsemble.fit(data), table, context)
        return pd.read_csv(folder / "order.csv").sort_values("feature")

    before = answer(replace(data), tmp_path / "before")
    own = plans[0].splits[0].held_out
    assert all(not np.intersect1d(own, split.train).size for split in plans[0].splits[:1])
    y = data.y.copy()
    y[own] = 1 - y[own]
    after = answer(replace(data, y=y), tmp_path / "after")
    assert before["fold_1"].tolist() == after["fold_1"].tolist()
    assert (
        before["fold_2"].tolist() != after["fold_2"].tolist()
        or before["fold_3"].tolist() != after["fold_3"].tolist()
    )


def test_every_step_is_one_plan(registry: Registry, tmp_path: Path) -> None:
    data = planted().dataset()
    plans = []

    def fit(plan: object, **how: object) -> object:
        plans.append(plan)
        return LinearEnsembles().refit(data, plan)

    method = registry.methods["stepwise"]
    for direction, k, sizes in (
        ("forward", 6, [36, 30, 24, 18, 12, 6]),
        ("forward", 2, [36, 30]),
        ("backward", 1, [6, 36, 30, 24, 18, 12]),
        ("backward", 4, [6, 36, 30]),
    ):
        plans.clear()
        stepwise = method(method.Params(direction=direction, k=k, **FEW))
        stepwise.explain(LinearEnsemble.fit(data), data, Context(0, "stepwise", tmp_path, fit=fit))
        assert [len(plan) for plan in plans] == sizes
        assert stepwise.fits(data, 100) == sum(sizes)
        assert {plan.name for plan in plans} == {"stepwise"}
    assert method(method.Params(**FEW)).fits(data, 4) == 6 * 21
    assert method(method.Params(direction="backward", **FEW)).fits(data, 4) == 6 * 21
    assert method(method.Params(screen=3, **FEW)).fits(data, 4) == 6 * 6


@pytest.mark.usefixtures("drawn")
def test_the_path_is_drawn_with_its_numbers(ask: Ask, tmp_path: Path) -> None:
    data = planted().dataset()
    named = replace(data, features=(replace(data.features[0], name="<b>$x_1$</b>"), *data.features[1:]))
    ask("stepwise", LinearEnsemble.fit(named), named, k=6, **FEW)
    path = pd.read_csv(tmp_path / "path.csv")
    assert path["features"].tolist() == list(range(7))
    assert ((path["ci_low"] < path["loss"]) & (path["loss"] < path["ci_high"]))[1:].all()
    assert path["loss"].iloc[0] == pytest.approx(np.log(2), abs=0.01), "half of the rows are of either class"
    assert path["selected"].tolist() == [False] * 6 + [True]
    shown = json.loads((tmp_path / "figures.json").read_text())
    assert "from 0 to 6 features" in shown["path.png"]["alt"]
    assert (tmp_path / "path.svg").stat().st_size > 1000


def test_a_wide_table_is_screened_on_rows_of_its_own(ask: Ask, tmp_path: Path) -> None:
    problem = PROBLEMS["additive"](600, 100, 0)
    data = problem.dataset()
    with pytest.raises(MethodError, match="may train 30,300"):
        ask("stepwise", LinearEnsemble.fit(data), data, **FEW)
    answer = ask("stepwise", LinearEnsemble.fit(data), data, screen=8, **FEW)
    assert set(np.flatnonzero(answer.scores.any(axis=0))) == set(problem.relevant)
    assert "Screened: 8 of 100" in answer.notes[-1]
    assert len(pd.read_csv(tmp_path / "order.csv")) == 8


def test_fewer_seeds_than_folds_are_refused(ask: Ask) -> None:
    data = planted().dataset()
    with pytest.raises(MethodError, match="3 seeds cannot fill 5 folds"):
        ask("stepwise", LinearEnsemble.fit(data), data, seeds=3)
