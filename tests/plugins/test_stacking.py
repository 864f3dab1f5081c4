"""stacking: believes the model that predicts."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.methods import Context, Importance, MethodError
from deepfeat.methods.registry import Registry
from deepfeat.testing.families import PROBLEMS
from deepfeat.testing.linear import LinearEnsemble

TREES = "boosted_trees"


def judge(
    registry: Registry, folder: Path, data: Dataset, members: int, methods: Mapping[str, object]
) -> Importance:
    """The answer of `stacking` about the answers of some methods, which see linear models as networks."""
    ensemble = LinearEnsemble.fit(data, members)
    answers, askable = {}, {}
    for name, params in methods.items():
        method = registry.methods[name]
        asked = method(method.Params(**params))
        answers[name] = asked.explain(ensemble, data, Context(0, name, folder))
        if method.kind == "member":
            askable[name] = lambda other, table, asked=asked: asked.explain(
                other, table, Context(0, "x", folder)
            )
    stacking = registry.methods["stacking"]
    context = Context(0, "stacking", folder, answers=answers, askable=MappingProxyType(askable))
    given = stacking(stacking.Params()).explain(ensemble, data, context)
    given.check(None, data.n_features)
    return given


METHODS = {"permutation": {"repeats": 1}, "saliency": {}, TREES: {"repeats": 1}}


def test_trees_are_believed_where_the_signal_has_no_slope(registry: Registry, tmp_path: Path) -> None:
    data = PROBLEMS["orange_skin"](1000, 6, 0).dataset()
    weights = judge(registry, tmp_path, data, 6, METHODS).weights
    assert weights[TREES] > 0.9
    assert weights["permutation"] == weights["saliency"]
    assert sum(weights.values()) == pytest.approx(1)


def test_networks_are_believed_where_they_are_right(registry: Registry, tmp_path: Path) -> None:
    data = PROBLEMS["sparse_linear_ar"](1000, 30, 0).dataset()
    given = judge(registry, tmp_path, data, 6, METHODS)
    assert given.weights["permutation"] + given.weights["saliency"] > 0.7
    table = pd.read_csv(tmp_path / "weights.csv")
    assert table.columns.tolist() == ["method", "model", "model_weight", "weight"]
    assert table["model"].tolist() == ["networks", "networks", TREES]
    assert "Weights in the joint prediction: networks 0." in given.notes[0]
    assert "which flatters them a little" in given.notes[-1]
    many = judge(registry, tmp_path, PROBLEMS["additive"](100, 6, 0).dataset(), 40, {"saliency": {}})
    assert not any("flatters" in note for note in many.notes)


def test_a_straight_line_is_believed_where_there_is_nothing_else(registry: Registry, tmp_path: Path) -> None:
    data = PROBLEMS["gene_expression"](200, 300, 0).dataset()
    weights = judge(
        registry, tmp_path, data, 3, {"lasso": {"splits": 1}, TREES: {"repeats": 1, "splits": 2}}
    ).weights
    assert weights["lasso"] > 0.6


def test_models_that_tell_no_predictions_have_no_weight(registry: Registry, tmp_path: Path) -> None:
    data = PROBLEMS["additive"](300, 6, 0).dataset()
    given = judge(registry, tmp_path, data, 3, {"permutation": {"repeats": 1}, "glm": {}})
    assert given.weights == {"permutation": 1.0, "glm": 0.0}
    assert "glm" in given.notes[1]
    np.testing.assert_allclose(given.scores.sum(), 1)


def test_nothing_to_judge(registry: Registry, tmp_path: Path) -> None:
    data = PROBLEMS["additive"](100, 6, 0).dataset()
    with pytest.raises(MethodError, match="name other methods beside it"):
        judge(registry, tmp_path, data, 2, {})
