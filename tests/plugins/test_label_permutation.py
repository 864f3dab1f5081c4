"""label_permutation: where there is nothing to find, rankings fall apart."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.methods import Context, Importance
from deepfeat.methods.registry import Registry
from deepfeat.testing.linear import LinearEnsembles
from deepfeat.testing.planted import planted

MEMBERS = 12


def ask(
    registry: Registry, data: Dataset, folder: Path, plans: list[Any] | None = None, **params: object
) -> Importance:
    """Of linear models: one method that looks at them, and one that looks at the table."""
    make = LinearEnsembles()
    ensemble = make(data, MEMBERS)

    def of_the_table(networks: Any, data: Dataset) -> Importance:  # noqa: ANN401
        return Importance(np.tile(np.arange(data.n_features) + 1.0, (len(networks), 1)))

    def of_the_models(networks: Any, _: Dataset) -> Importance:  # noqa: ANN401
        return Importance(networks.gates)

    askable = {"models": of_the_models, "table": of_the_table}

    def fit(plan: Any, **how: Any) -> Any:  # noqa: ANN401
        if plans is not None:
            plans.append(plan)
        return make.refit(data, plan, **how)

    context = Context(
        0,
        "label_permutation",
        folder,
        fit=fit,
        answers={name: asked(ensemble, data) for name, asked in askable.items()},
        askable=askable,
    )
    method = registry.methods["label_permutation"]
    given = method(method.Params(**params)).explain(ensemble, data, context)
    given.check(None, data.n_features)
    return given


def test_a_ranking_falls_apart_unless_it_looks_at_the_table(registry: Registry, tmp_path: Path) -> None:
    data = planted(features=12, rows=400).dataset()
    answer = ask(registry, data, tmp_path, networks=8)
    table = pd.read_csv(tmp_path / "label_permutation.csv").set_index("method")
    assert table.loc["models", "agreement"] > 0.25
    assert abs(table.loc["models", "agreement_shuffled"]) < 0.25
    assert (table.loc["table", ["agreement", "agreement_shuffled"]] == 1).all()
    assert (table["skill"] > 0.3).all()
    assert (table["skill_shuffled"] < 0.1).all()
    assert answer.scores.mean(axis=0).argmax() == 1
    assert "models" in answer.notes[0]
    importances = pd.read_csv(tmp_path / "importances.csv")
    models = importances[importances["method"] == "models"].set_index("feature")
    assert models.loc["feature 1", "importance"] > 3 * models.loc["feature 1", "importance_shuffled"]


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_labels_are_shuffled_within_each_part(registry: Registry, tmp_path: Path, task: Any) -> None:  # noqa: ANN401
    data, plans = planted(task=task).dataset(), []
    ask(registry, data, tmp_path, plans, networks=3)
    (plan,) = plans
    assert plan.targets.shape == (3, *data.y.shape)
    assert plan.targets.dtype == np.float32
    for targets, split in zip(plan.targets, plan.splits, strict=True):
        for rows in (split.train, split.valid, split.held_out):
            np.testing.assert_array_equal(np.sort(targets[rows], axis=0), np.sort(data.y[rows], axis=0))
            assert not np.array_equal(targets[rows], data.y[rows])
    assert len({targets.tobytes() for targets in plan.targets}) == 3
