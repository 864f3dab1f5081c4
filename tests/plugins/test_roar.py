"""roar: whose ranking to believe, judged where the truth is known."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.methods import Context, Importance, MethodError
from deepfeat.methods.registry import Registry
from deepfeat.testing.families import PROBLEMS
from deepfeat.testing.linear import LinearEnsemble, LinearEnsembles
from deepfeat.testing.trained import TrainedEnsembles

Judge = Callable[..., Importance]
ROWS, FEATURES, MEMBERS = 400, 10, 3


@pytest.fixture
def judge(registry: Registry, tmp_path: Path) -> Judge:
    """Judges answers with linear models, or with other ensembles that are given."""

    def answer(
        data: Dataset,
        answers: dict[str, Importance],
        networks: TrainedEnsembles | None = None,
        plans: list[Any] | None = None,
        asked: dict[str, Any] | None = None,
        **params: object,
    ) -> Importance:
        method = registry.methods["roar"]
        make = networks or LinearEnsembles()

        def fit(plan: Any, *, data: Dataset = data, **how: Any) -> Any:  # noqa: ANN401
            if plans is not None:
                plans.append((plan, data))
            return make.refit(data, plan, **how)

        again = {name: lambda *_, given=given: given for name, given in answers.items()}
        context = Context(0, "roar", tmp_path, fit=fit, answers=answers, again=again | (asked or {}))
        given = method(method.Params(**params)).explain(make(data, MEMBERS), data, context)
        given.check(None, data.n_features)
        return given

    return answer


def rankings(relevant: tuple[int, ...], features: int = FEATURES) -> dict[str, Importance]:
    """The truth, half of it, none of it, and the truth upside down."""
    chance = np.random.default_rng(5).uniform(1, 2, size=(MEMBERS, features))
    truth, half = np.zeros((2, MEMBERS, features))
    truth[:, list(relevant)] = 10
    half[:, list(relevant[: len(relevant) // 2])] = 10
    return {
        "upside_down": Importance(20 - truth + chance),
        "half": Importance(half + chance),
        "truth": Importance(truth + chance),
    }


@pytest.fixture
def additive() -> tuple[Dataset, tuple[int, ...]]:
    problem = PROBLEMS["additive"](ROWS, FEATURES, 0)
    return problem.dataset(), problem.relevant


def test_the_truth_is_believed(
    judge: Judge, additive: tuple[Dataset, tuple[int, ...]], tmp_path: Path
) -> None:
    data, relevant = additive
    answer = judge(data, rankings(relevant))
    table = pd.read_csv(tmp_path / "faithfulness.csv").set_index("ranking")
    assert list(table.index) == ["truth", "half", "random order", "upside_down"]
    assert table.loc["truth", "above_random_low"] > 0
    assert table.loc["upside_down", "above_random_high"] < 0
    assert (table.loc["random order", ["above_random", "above_random_low", "above_random_high"]] == 0).all()
    for column in ("faithfulness", "area_kept", "area_removed"):
        assert (table[f"{column}_low"] < table[column]).all()
        assert (table[column] < table[f"{column}_high"]).all()
    np.testing.assert_allclose(table["faithfulness"], table["area_kept"] - table["area_removed"])
    assert "the ranking to believe is that of truth" in answer.notes[0]
    assert answer.notes[0].endswith("upside_down.")
    # The weights, and the scores that they give.
    assert list(answer.weights) == ["upside_down", "half", "truth"]
    assert answer.weights["truth"] > answer.weights["half"] > answer.weights["upside_down"] == 0
    assert answer.scores.shape == (5, FEATURES)
    assert set(answer.scores.mean(axis=0).argsort()[-4:]) == set(relevant)


def test_one_plan_that_trains_no_set_twice(judge: Judge, additive: tuple[Dataset, tuple[int, ...]]) -> None:
    data, relevant = additive
    plans: list[Any] = []
    twice = {**rankings(relevant), "truth_again": rankings(relevant)["truth"]}
    judge(data, twice, plans=plans, folds=3)
    *ranking, (plan, _) = plans
    asked = {
        (split.held_out.tobytes(), mask.tobytes()) for split, mask in zip(plan.splits, plan.mask, strict=True)
    }
    assert len(asked) == len(plan)
    assert plan.mask.any(axis=1).all()
    # All features, and at most 9 sets kept and 9 removed of three different rankings and three random orders.
    assert len(plan) <= 3 * (1 + 18 * 6)
    folds = list({split.held_out.tobytes(): split.held_out for split in plan.splits}.values())
    for fold, (own, part) in enumerate(ranking):
        assert len(own) == 10
        rest = np.setdiff1d(np.arange(ROWS), folds[fold])
        np.testing.assert_array_equal(part.x, data.x[rest])
        np.testing.assert_array_equal(part.y, data.y[rest])
    assert sorted(np.concatenate(folds)) == list(range(ROWS))


def test_the_curves_begin_and_end_together(
    judge: Judge, additive: tuple[Dataset, tuple[int, ...]], tmp_path: Path
) -> None:
    data, relevant = additive
    judge(data, rankings(relevant), folds=2)
    curves = pd.read_csv(tmp_path / "curves.csv")
    assert np.allclose(sorted(curves["share"].unique()), np.arange(11) / 10)
    start, end = curves[curves["share"] == 0], curves[curves["share"] == 1]
    np.testing.assert_allclose(start["kept"], 0)
    np.testing.assert_allclose(end["removed"], 0)
    full = float(start["removed"].iloc[0])
    assert 0.3 < full < 1
    np.testing.assert_allclose([*start["removed"], *end["kept"]], full)
    truth = curves[curves["ranking"] == "truth"].set_index("share")
    assert truth.loc[0.4, "removed"] == pytest.approx(0, abs=0.05)
    assert truth.loc[0.4, "kept"] == pytest.approx(full, abs=0.05)
    captions = json.loads((tmp_path / "figures.json").read_text())
    assert {name: caption["csv"] for name, caption in captions.items()} == {
        "curves.png": "curves.csv",
        "faithfulness.png": "faithfulness.csv",
    }
    assert all((tmp_path / f"{name}.svg").exists() for name in ("curves", "faithfulness"))


def test_of_noise_no_ranking_is_believed(judge: Judge) -> None:
    data = PROBLEMS["noise"](ROWS, FEATURES, 0).dataset()
    notes = judge(data, rankings((0, 1, 2, 3))).notes
    assert notes[0] == "On these data no ranking can be told from a random order."


def test_a_ranking_is_not_judged_by_rows_that_it_was_made_from(judge: Judge, tmp_path: Path) -> None:
    """Of pure noise: by rows that helped to make it, it is better than chance; by others it is not."""
    above: dict[str, list[float]] = {"all rows": [], "other rows": []}
    again = {"weights": lambda networks, _: Importance(networks.gates**2)}
    for seed in range(8):
        data = PROBLEMS["noise"](200, 50, seed).dataset()
        answers = {"weights": Importance(LinearEnsemble.fit(data, 20).gates ** 2)}
        for which, asked in (("all rows", None), ("other rows", again)):
            notes = judge(data, answers, asked=asked).notes
            table = pd.read_csv(tmp_path / "faithfulness.csv").set_index("ranking")
            above[which].append(float(table.loc["weights", "above_random"]))
        assert notes[0] == "On these data no ranking can be told from a random order."
        assert "networks per fold which have not seen the rows that judge" in notes[1]
    assert np.mean(above["all rows"]) > 0.01
    assert np.mean(above["other rows"]) < 0


@pytest.mark.parametrize("error", [MethodError, ValueError])
def test_what_cannot_be_asked_again_is_not_judged(
    error: type[Exception], judge: Judge, additive: tuple[Dataset, tuple[int, ...]], tmp_path: Path
) -> None:
    def refuses(*_: object) -> Importance:
        raise error("a class has too few rows")

    data, relevant = additive
    answer = judge(data, rankings(relevant), asked={"half": refuses}, folds=2)
    assert "half" not in set(pd.read_csv(tmp_path / "faithfulness.csv")["ranking"])
    assert answer.weights["half"] == 0
    assert answer.weights["truth"] > 0
    assert answer.notes[-1].endswith("cannot be asked again without these rows: half.")
    with pytest.raises(MethodError, match="no other method can be asked again"):
        judge(data, {"half": rankings(relevant)["half"]}, asked={"half": refuses}, folds=2)


def test_alone_it_has_nothing_to_judge(judge: Judge, additive: tuple[Dataset, tuple[int, ...]]) -> None:
    with pytest.raises(MethodError, match="name other methods beside it"):
        judge(additive[0], {})


def test_too_many_fits_are_refused(judge: Judge, additive: tuple[Dataset, tuple[int, ...]]) -> None:
    data, relevant = additive
    with pytest.raises(MethodError, match="most_fits is 10; ask it about fewer methods"):
        judge(data, rankings(relevant), most_fits=10)


def test_ties_are_nobodys_advantage(registry: Registry) -> None:
    assert "roar" in registry.methods
    order = sys.modules["deepfeat_plugins.roar"]._order
    importance = np.array([0.0, 3.0, 0.0, 5.0, 0.0])
    orders = {tuple(order(importance, np.random.default_rng(seed))) for seed in range(50)}
    assert {own[:2] for own in orders} == {(3, 1)}
    assert {own[2] for own in orders} == {0, 2, 4}


@pytest.mark.parametrize("features", [1, 2, 3, 13, 20, 1000])
def test_tenths_of_the_features(registry: Registry, features: int) -> None:
    assert "roar" in registry.methods
    sizes = sys.modules["deepfeat_plugins.roar"]._sizes(features)
    assert len(sizes) == min(9, features - 1)
    assert all(0 < size < features for size in sizes)
    assert (np.diff(sizes) > 0).all()


@pytest.mark.slow
def test_networks_put_the_truth_first_and_a_random_order_last(judge: Judge, tmp_path: Path) -> None:
    problem = PROBLEMS["noisy_xor"](800, FEATURES, 1)
    given = rankings(problem.relevant)
    del given["upside_down"]
    judge(problem.dataset(), given, TrainedEnsembles(), folds=3)
    table = pd.read_csv(tmp_path / "faithfulness.csv")
    assert table["ranking"].iloc[0] == "truth"
    assert table["above_random_low"].iloc[0] > 0
