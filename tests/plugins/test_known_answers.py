"""Which methods find what, asked about networks that have learned problems with a known answer."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.ensemble import Ensemble, fit
from deepfeat.methods import Context, Importance
from deepfeat.methods.registry import Registry
from deepfeat.nets.default import Default
from deepfeat.testing.families import PROBLEMS, average_precision
from deepfeat.testing.trained import TrainedEnsembles
from deepfeat.training.plan import build_plan
from deepfeat.training.settings import merge_settings
from deepfeat.training.trainer import Trainer

Ask = Callable[..., Importance]

ROWS, FEATURES, MEMBERS = 1000, 10, 6
ASKING_ABOUT_ANSWERS = (
    "permutation",
    "conditional_permutation",
    "leave_out",
    "saliency",
    "integrated_gradients",
)
INTERACTIONS = ("exact_xor", "noisy_xor", "pairwise_interactions")


@dataclass(frozen=True, eq=False)
class Learned:
    """Networks that have learned a problem."""

    ensemble: Ensemble
    data: Dataset
    relevant: tuple[int, ...]

    def precision(self, scores: np.ndarray) -> float:
        return average_precision(scores.mean(axis=0), self.relevant)


@cache
def learned(family: str) -> Learned:
    problem = PROBLEMS[family](ROWS, FEATURES, 0)
    data, network = problem.dataset(), Default()
    chosen = {"loss": "cross_entropy", "epochs": 300, "patience": 100}
    settings = merge_settings(network.training, chosen, data.task)
    plan = build_plan(data, settings.split, MEMBERS, 0, network)
    return Learned(fit(plan, Trainer(data, network, settings)), data, problem.relevant)


@pytest.mark.slow
@pytest.mark.parametrize("family", [*INTERACTIONS, "additive"])
@pytest.mark.parametrize("name", ASKING_ABOUT_ANSWERS)
def test_what_the_networks_have_learned_is_found(name: str, family: str, ask: Ask) -> None:
    case = learned(family)
    assert np.mean([record.scores["auc"] for record in case.ensemble.records]) > 0.8
    scores = ask(name, case.ensemble, case.data).scores
    assert case.precision(scores) == 1
    assert min(average_precision(member, case.relevant) for member in scores) > 0.95


@pytest.mark.slow
def test_a_probe_finds_what_speaks_for_itself_and_little_else(ask: Ask) -> None:
    additive, interaction = learned("additive"), learned("noisy_xor")
    alone = ask("probe", additive.ensemble, additive.data).scores
    together = ask("probe", interaction.ensemble, interaction.data).scores
    assert additive.precision(alone) == 1
    strongest = alone.mean(axis=0)[list(additive.relevant)].min()
    assert together.mean(axis=0).max() < 0.3 * strongest


@pytest.mark.slow
@pytest.mark.parametrize("name", ["probe", "saliency", "integrated_gradients"])
def test_directions_are_those_of_the_formula(name: str, ask: Ask) -> None:
    case = learned("additive")
    sign = ask(name, case.ensemble, case.data).sign.mean(axis=0)
    # The logit is 2 (a - b + c - d).
    np.testing.assert_allclose(sign[list(case.relevant)], [1, -1, 1, -1], atol=0.2)


@pytest.mark.slow
def test_contributions_add_up_to_the_answer(registry: Registry) -> None:
    assert "integrated_gradients" in registry.methods
    attributions = sys.modules["deepfeat_plugins.integrated_gradients"].attributions
    case = learned("pairwise_interactions")
    x = case.data.x[:50]
    baselines = case.ensemble.moments[0].astype(np.float32)
    change = case.ensemble.predict(x, "logit") - case.ensemble.predict(baselines[:, None], "logit")
    gap = [
        np.abs(
            attributions(case.ensemble, case.data, x, baselines, steps).sum(axis=-1)[:, 0] - change[..., 0]
        )
        for steps in (32, 256)
    ]
    spread = change.std()
    assert gap[0].mean() < 0.01 * spread
    assert gap[1].mean() < 0.3 * gap[0].mean()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "params"), [("loco_refit", {"seeds": 4}), ("stepwise", {"seeds": 5, "patience": 20})]
)
def test_networks_trained_again_find_what_adds_up(
    name: str, params: dict[str, int], registry: Registry, tmp_path: Path
) -> None:
    problem = PROBLEMS["additive"](500, 7, 0)
    data, make = problem.dataset(), TrainedEnsembles()
    method = registry.methods[name]
    context = Context(0, name, tmp_path, fit=lambda plan, *, data=data, **how: make.refit(data, plan, **how))
    scores = method(method.Params(**params)).explain(make(data, 4), data, context).scores
    assert average_precision(scores.mean(axis=0), problem.relevant) == 1
