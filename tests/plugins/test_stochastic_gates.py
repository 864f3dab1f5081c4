"""stochastic_gates: whose gate stays open when open gates cost."""

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

AskGates = Callable[..., Importance]


@pytest.fixture
def ask_gates(ask_refits: AskGates) -> AskGates:
    """Asks with linear models, or with other ensembles that are given."""
    return partial(ask_refits, "stochastic_gates")


def kept(folder: Path) -> list[str]:
    return pd.read_csv(folder / "kept.csv")["feature"].tolist()


def test_linear_models_keep_what_matters(ask_gates: AskGates, tmp_path: Path) -> None:
    problem = PROBLEMS["additive"](500, 12, 0)
    answer = ask_gates(problem.dataset(), strongest=3.0, weakest=0.001, folds=4)
    assert answer.scores.shape == (4, 12)
    assert ((answer.scores == 0) | (answer.scores > 0.5)).all()
    assert sorted(kept(tmp_path)) == sorted(problem.feature_names[index] for index in problem.relevant)
    assert answer.scores[:, list(problem.relevant)].min() > 0.5
    assert "keeps 4 of 12 features" in answer.notes[0]


def test_a_path_and_what_it_keeps_are_a_plan_each(ask_gates: AskGates, registry: Registry) -> None:
    data, plans = PROBLEMS["additive"](300, 6, 0).dataset(), []
    ask_gates(data, plans=plans, penalties=5, folds=3)
    plan, refits = plans
    method = registry.methods["stochastic_gates"]
    assert len(plan) == 15
    assert method(method.Params(penalties=5, folds=3)).fits(data, 9) == 30
    assert len(refits) <= 15
    assert not refits.penalty.any()
    np.testing.assert_allclose(plan.penalty[:5], np.geomspace(0.5, 0.005, 5))
    np.testing.assert_allclose(plan.penalty[:5], plan.penalty[5:10])
    # Nothing but the penalty differs within a fold.
    assert len(set(plan.seeds)) == 3
    assert sorted(np.concatenate([plan.splits[fold * 5].held_out for fold in range(3)])) == list(range(300))


def test_the_figure_shows_chances(ask_gates: AskGates, tmp_path: Path) -> None:
    data = PROBLEMS["additive"](200, 6, 0).dataset()
    ask_gates(data, penalties=4, folds=2)
    table = pd.read_csv(tmp_path / "path.csv")
    assert list(table.columns) == ["penalty", "loss", "std_error", *data.feature_names]
    assert table[list(data.feature_names)].to_numpy().max() <= 1
    assert (tmp_path / "path.png").exists()


def test_its_network_trains_as_a_stack(registry: Registry) -> None:
    from deepfeat.nets.template import build_template  # noqa: PLC0415 - loads TensorFlow

    network = registry.networks["stg"]()
    template = build_template(network, NetworkShape((0, 1, 1), 2, "multiclass"))
    assert template.stackable
    assert template.gate is not None
    assert network.gate_penalties(range(2)) == [0.05, 0.05]


# in a dozen epochs the fast tests of such networks see gates shut as they become dearer
@pytest.mark.slow
def test_an_open_gate_has_to_pay(ask_gates: AskGates, tmp_path: Path) -> None:
    """At a price that nothing is worth all gates shut; where they are free they stay as they began."""
    data = PROBLEMS["additive"](200, 5, 0).dataset()
    ask_gates(data, TrainedEnsembles(), penalties=2, folds=2, strongest=100.0, weakest=1e-6, epochs=300)
    chances = pd.read_csv(tmp_path / "path.csv")[list(data.feature_names)].to_numpy()
    # From 0.84; a few dozen steps do not take it further.
    assert chances[0].max() < 0.3
    assert chances[1].min() > 0.5


# A few of the tables that `benchmarks/methods_penalties.py` asks about.
@pytest.mark.slow
@pytest.mark.parametrize(("family", "seed"), [("additive", 0), ("additive", 1), ("noise", 0)])
def test_networks_keep_exactly_what_matters(
    family: str, seed: int, ask_gates: AskGates, tmp_path: Path
) -> None:
    problem = PROBLEMS[family](500, 20, seed)
    ask_gates(problem.dataset(), TrainedEnsembles())
    assert sorted(kept(tmp_path)) == sorted(problem.feature_names[index] for index in problem.relevant)
