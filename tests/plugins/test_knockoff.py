"""knockoff: pairs that are told apart by the table alone."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.ensemble import Ensemble, fit
from deepfeat.methods import Context, MethodError, by_columns, with_features
from deepfeat.methods.registry import load_registry
from deepfeat.nets.network import Network
from deepfeat.testing.families.encoding import encode
from deepfeat.training.plan import FitPlan, build_plan
from deepfeat.training.settings import SplitSettings, merge_settings
from deepfeat.training.trainer import Trainer

KNOCKOFF = load_registry(environ={}).methods["knockoff"]
PLUGIN = sys.modules["deepfeat_plugins.knockoff"]


def refit(plan: FitPlan, *, data: Dataset, network: Network, training: dict[str, object]) -> Ensemble:
    return fit(plan, Trainer(data, network, merge_settings(network.training, training, data.task)))


def linear(rows: int, features: int, relevant: int, seed: int) -> tuple[Dataset, set[int]]:
    """The first ones matter, among neighbours correlated at 0.5."""
    rng = np.random.default_rng(seed)
    covariance = 0.5 ** np.abs(np.subtract.outer(np.arange(features), np.arange(features)))
    x = rng.multivariate_normal(np.zeros(features), covariance, size=rows)
    chosen = rng.permutation(features)[:relevant]
    y = x[:, chosen] @ rng.choice([-1.5, 1.5], size=relevant) + rng.normal(size=rows)
    return encode("linear", x, y, "regression", tuple(f"x{j}" for j in range(features))), set(chosen.tolist())


@pytest.mark.slow
@pytest.mark.parametrize("draws", [1, 3])
def test_it_selects_what_matters_and_hardly_anything_else(tmp_path: Path, draws: int) -> None:
    """One table of 40 features, 15 relevant; more than 4 false ones would be twice the accepted rate."""
    data, relevant = linear(500, 40, 15, 0)
    method = KNOCKOFF(KNOCKOFF.Params(draws=draws, networks=2))
    answer = method.explain(None, data, Context(0, "knockoff", tmp_path, fit=refit))
    answer.check(None, data.n_features)
    selected = set(np.flatnonzero(answer.selected).tolist())
    assert len(selected & relevant) >= 14
    assert len(selected - relevant) <= 4
    assert answer.scores.shape == (draws, 40)
    assert f"{len(selected)} of 40 features" in answer.notes[0]


def test_swapping_a_feature_with_its_knockoff_flips_its_sign(make_data: Callable[..., Dataset]) -> None:
    """And leaves all others as they are: the networks cannot know which of the two is the feature."""
    data = make_data("regression", rows=96, widths=(1, 1, 1))
    rng = np.random.default_rng(0)
    knockoffs = rng.normal(size=(96, 3)).astype(np.float32)
    swapped = [data.x.copy(), knockoffs.copy()]
    swapped[0][:, 1], swapped[1][:, 1] = knockoffs[:, 1], data.x[:, 1]
    statistics = []
    for original, copies in ((data.x, knockoffs), swapped):
        table = with_features(
            encode("t", original.astype(float), data.y[:, 0].astype(float), "regression", ("a", "b", "c")),
            ["a~", "b~", "c~"],
            copies,
        )
        network = PLUGIN.Paired()
        plan = build_plan(table, SplitSettings(train=0.8, valid=0.2, test=0.0), 2, 0, network)
        trained = refit(plan, data=table, network=network, training={"epochs": 5, "loss": "squared_error"})
        statistics.append(PLUGIN._statistics(trained, data, np.zeros(2, dtype=np.int64)))
    np.testing.assert_allclose(statistics[1], statistics[0] * [1, -1, 1], rtol=1e-3, atol=1e-6)


def test_each_network_sees_the_features_and_one_draw() -> None:
    mask = PLUGIN._sees(2, 3, np.array([0, 2]))
    np.testing.assert_array_equal(mask.astype(int), [[1, 1, 1, 1, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0, 1, 1]])


def test_its_network_trains_as_a_stack(make_data: Callable[..., Dataset]) -> None:
    data = by_columns(make_data(rows=48, widths=(1, 3)))
    wider = with_features(data, [f"{name}~" for name in data.feature_names], data.x[::-1])
    network = PLUGIN.Paired()
    trainer = Trainer(wider, network, merge_settings(network.training, {}, "binary"))
    assert trainer.template.why_not_stackable == []


def test_too_few_features_are_refused_with_what_to_use(tmp_path: Path) -> None:
    data, _ = linear(50, 4, 1, 0)
    with pytest.raises(MethodError, match=r"4 features are too few: at this level 5 or more .* effect, loco"):
        KNOCKOFF().explain(None, data, Context(0, "knockoff", tmp_path, fit=refit))
    data, _ = linear(50, 8, 1, 0)
    with pytest.raises(MethodError, match="at this level 10 or more"):
        KNOCKOFF(KNOCKOFF.Params(draws=2)).explain(None, data, Context(0, "knockoff", tmp_path, fit=refit))


def test_rows_of_groups_are_refused_before_anything_is_trained(tmp_path: Path) -> None:
    data = replace(linear(60, 12, 2, 0)[0], groups=np.arange(60) // 3)

    def untrained(*_: object, **__: object) -> Ensemble:
        pytest.fail("networks were trained")

    with pytest.raises(MethodError, match=r"knockoff draws rows independently .* use effect or loco"):
        KNOCKOFF().explain(None, data, Context(0, "knockoff", tmp_path, fit=untrained))


def test_a_constant_column_is_named(tmp_path: Path) -> None:
    data = with_features(linear(50, 6, 1, 0)[0], ["flat"], np.ones((50, 1)))
    with pytest.raises(MethodError, match="flat has a column that is constant"):
        KNOCKOFF().explain(None, data, Context(0, "knockoff", tmp_path, fit=refit))
