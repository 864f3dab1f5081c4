"""sparse_path: who stays in the network as features become dearer."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepfeat.methods import Importance
from deepfeat.methods.registry import Registry
from deepfeat.nets.network import NetworkShape
from deepfeat.testing.families import PROBLEMS
from deepfeat.testing.trained import TrainedEnsembles

AskPath = Callable[..., Importance]


@pytest.fixture
def ask_path(ask_refits: AskPath) -> AskPath:
    """Asks with linear models, or with other ensembles that are given."""
    return partial(ask_refits, "sparse_path")


def kept(folder: Path) -> list[str]:
    return pd.read_csv(folder / "kept.csv")["feature"].tolist()


def test_linear_models_keep_what_matters(ask_path: AskPath, tmp_path: Path) -> None:
    problem = PROBLEMS["additive"](500, 12, 0)
    answer = ask_path(problem.dataset(), folds=4, strongest=3.0, weakest=0.001)
    names = [problem.feature_names[index] for index in problem.relevant]
    assert sorted(kept(tmp_path)) == sorted(names)
    assert answer.scores.shape == (4, 12)
    irrelevant = np.delete(answer.scores, list(problem.relevant), axis=1)
    assert answer.scores[:, list(problem.relevant)].min() > irrelevant.max()
    (note,) = answer.notes
    assert "keeps 4 of 12 features" in note


def test_scores_are_penalties_of_the_path(ask_path: AskPath) -> None:
    data = PROBLEMS["additive"](300, 6, 1).dataset()
    scores = ask_path(data, penalties=7, strongest=2.0, weakest=0.02, folds=3).scores
    steps = np.append(np.geomspace(2.0, 0.02, 7), 0.0)
    assert np.isin(np.round(scores, 9), np.round(steps, 9)).all()


def test_of_pure_noise_nothing_is_kept(ask_path: AskPath, tmp_path: Path) -> None:
    answer = ask_path(PROBLEMS["noise"](300, 10, 0).dataset(), strongest=3.0, weakest=0.001)
    assert kept(tmp_path) == []
    assert "keeps no feature" in answer.notes[0]


def test_two_plans_and_no_network_twice(ask_path: AskPath) -> None:
    data, plans = PROBLEMS["additive"](300, 6, 0).dataset(), []
    ask_path(data, plans=plans, penalties=10, folds=3, strongest=10.0, weakest=0.001)
    path, refits = plans
    assert len(path) == 30
    np.testing.assert_allclose(path.penalty[:10], path.penalty[10:20])
    assert len(
        {
            (split.held_out.tobytes(), mask.tobytes())
            for split, mask in zip(refits.splits, refits.mask, strict=True)
        }
    ) == len(refits)
    assert len(refits) < 30
    assert refits.mask.any(axis=1).all()
    assert (refits.penalty == 0).all()
    for fold in range(3):
        # The same rows are held out by the path and by what is refitted on its features.
        np.testing.assert_array_equal(path.splits[fold * 10].held_out, path.splits[fold * 10 + 9].held_out)
    assert sorted(np.concatenate([path.splits[fold * 10].held_out for fold in range(3)])) == list(range(300))


def test_the_figure_comes_with_its_numbers(ask_path: AskPath, tmp_path: Path) -> None:
    data = PROBLEMS["additive"](200, 6, 0).dataset()
    ask_path(data, penalties=5, folds=2)
    table = pd.read_csv(tmp_path / "path.csv")
    assert list(table.columns) == ["penalty", "loss", "std_error", *data.feature_names]
    assert len(table) == 5
    assert {path.name for path in tmp_path.iterdir()} == {
        "figures.json",
        "kept.csv",
        "path.csv",
        "path.png",
        "path.svg",
    }
    assert json.loads((tmp_path / "figures.json").read_text())["path.png"]["csv"] == "path.csv"


def test_the_network_closes_features_together(registry: Registry) -> None:
    from deepfeat.nets.template import build_template  # noqa: PLC0415 - loads TensorFlow

    network = registry.networks["lassonet"]()
    template = build_template(network, NetworkShape((0, 1, 1), 2, "multiclass"))
    assert template.stackable
    assert template.proximal is not None
    assert [template.variables[template.index(weight)].path for weight in template.proximal.weights] == [
        "linear/kernel",
        "hidden/kernel",
    ]
    assert network.gate_penalties(range(2)) == [1.0, 1.0]


# One seed of ten; `benchmarks/methods_penalties.py` asks them all.
@pytest.mark.slow
@pytest.mark.parametrize("family", ["additive", "noise"])
def test_networks_keep_exactly_what_matters(family: str, ask_path: AskPath, tmp_path: Path) -> None:
    problem = PROBLEMS[family](500, 20, 0)
    ask_path(problem.dataset(), TrainedEnsembles())
    assert sorted(kept(tmp_path)) == sorted(problem.feature_names[index] for index in problem.relevant)
