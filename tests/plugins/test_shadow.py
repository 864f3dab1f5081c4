"""shadow: features beside copies that cannot matter."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.data.derived import with_features
from deepfeat.methods import Context, Importance, MethodError
from deepfeat.methods.registry import Registry
from deepfeat.testing.linear import LinearEnsembles
from deepfeat.testing.planted import planted

MEMBERS = 12


@pytest.fixture
def control(registry: Registry, tmp_path: Path) -> Callable[..., Importance]:
    """Asks with linear models, whose gates stand for two other methods."""

    def answer(
        data: Dataset,
        plans: list[Any] | None = None,
        methods: tuple[str, ...] = ("one", "other"),
        **params: object,
    ) -> Importance:
        make = LinearEnsembles()
        ensemble = make(data, MEMBERS)

        def fit(plan: Any, *, data: Dataset = data, **how: Any) -> Any:  # noqa: ANN401
            if plans is not None:
                plans.append((plan, data))
            return make.refit(data, plan, **how)

        context = Context(
            0,
            "shadow",
            tmp_path,
            fit=fit,
            answers={name: Importance(ensemble.gates) for name in methods},
            askable=dict.fromkeys(methods, lambda networks, _: Importance(networks.gates)),
        )
        method = registry.methods["shadow"]
        given = method(method.Params(**params)).explain(ensemble, data, context)
        given.check(None, data.n_features)
        return given

    return answer


def test_what_matters_beats_its_copies_and_noise_does_not(
    control: Callable[..., Importance], tmp_path: Path
) -> None:
    answer = control(planted().dataset(), networks=5)
    assert answer.scores.shape == (5, 6)
    table = pd.read_csv(tmp_path / "shadow.csv")
    assert list(table.columns) == ["method", "feature", "importance", "best_copy", "beats"]
    assert list(table["method"].unique()) == ["one", "other"]
    table = table[table["method"] == "one"].set_index("feature")
    assert table.loc["feature 1", "beats"] == 1
    assert table.drop("feature 1")["beats"].mean() < 0.5
    assert answer.scores[:, 1].min() > 0
    assert (
        " features are more important than the best of 6 shuffled copies in most of 5 networks."
        in (answer.notes[0])
    )


def test_copies_are_shuffled_columns_beside_the_table(control: Callable[..., Importance]) -> None:
    data, plans = planted(category=True).dataset(), []
    control(data, plans, copies=4)
    ((plan, wider),) = plans
    assert len(plan) == 2, "a tenth of twelve, but at least two"
    np.testing.assert_array_equal(wider.x[:, : data.n_columns], data.x)
    copies = wider.x[:, data.n_columns :]
    assert copies.shape[1] == 4
    columns = {np.sort(column).tobytes() for column in data.x.T}
    assert all(np.sort(copy).tobytes() in columns for copy in copies.T)
    assert not any(np.array_equal(copy, column) for copy in copies.T for column in data.x.T)
    assert plan.mask.shape == (2, data.n_features + 4)


def test_a_feature_may_be_called_like_a_copy(control: Callable[..., Importance]) -> None:
    data = planted().dataset()
    named = with_features(data, ["shuffled copy 1"], data.x[:, :1])
    assert control(named).scores.shape[1] == 7


def test_without_a_method_of_single_networks_there_is_nothing_to_control(
    control: Callable[..., Importance],
) -> None:
    with pytest.raises(MethodError, match="answers for single networks"):
        control(planted().dataset(), methods=())
