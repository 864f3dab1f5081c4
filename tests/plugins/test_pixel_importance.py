"""pixel_importance points at what decides the class, and at nothing where nothing does."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.ensemble import Ensemble, fit
from deepfeat.methods import Context, Importance, Method
from deepfeat.methods.registry import load_registry
from deepfeat.nets.cnn import Cnn
from deepfeat.testing.pictures import pictures
from deepfeat.training.plan import build_plan
from deepfeat.training.settings import merge_settings
from deepfeat.training.trainer import Trainer

pytestmark = pytest.mark.slow
PLUGIN = load_registry([Path(__file__).parents[2] / "plugins" / "pixel_importance.py"], environ={})


def trained(data: Dataset, members: int = 2, epochs: int = 25, **split: Any) -> Ensemble:  # noqa: ANN401
    network = Cnn(Cnn.Params(filters=8, units=8))
    chosen = {"epochs": epochs, "patience": epochs, "batch_size": 32, "learning_rate": 3e-3}
    settings = merge_settings(Cnn.training, chosen, data.task)
    plan = build_plan(data, settings.split.model_copy(update=split), members, 0, network)
    return fit(plan, Trainer(data, network, settings))


def asked(ensemble: Ensemble, folder: Path, **params: int) -> Importance:
    method: type[Method] = PLUGIN.methods["pixel_importance"]
    context = Context(seed=0, method=method.name, folder=folder)
    answer = method(method.Params(**params)).explain(ensemble, ensemble.data, context)
    answer.check(len(ensemble), ensemble.data.n_features)
    return answer


def auc(ensemble: Ensemble) -> float:
    return float(np.mean([record.scores["auc"] for record in ensemble.records]))


def test_a_corner_that_decides_is_found(tmp_path: Path) -> None:
    data = pictures("corner")
    ensemble = trained(data)
    assert auc(ensemble) > 0.95
    scores = asked(ensemble, tmp_path).scores.mean(axis=0)
    assert scores.argmax() == 0  # the corner is one region of sixteen
    assert scores[0] > 0.3
    table = pd.read_csv(tmp_path / "1_heat_maps.csv")
    heat = table.pivot_table("importance", "y", "x", "mean").to_numpy()
    inside = heat[:3, :3].sum() / heat.sum()
    assert inside > 0.3  # of a sixteenth of the pixels
    top = np.argsort(heat.reshape(-1))[-9:]
    assert np.isin(top, [row * 12 + column for row in range(3) for column in range(3)]).mean() >= 0.6
    seen = pd.read_csv(tmp_path / "2_grad_cam.csv")
    assert set(seen["specimen"]) == {"one", "two"}
    assert seen["grad_cam"].between(0, 1).all()


def test_a_colour_that_decides_is_found(tmp_path: Path) -> None:
    ensemble = trained(pictures("colour"))
    assert auc(ensemble) > 0.95
    asked(ensemble, tmp_path)
    shares = pd.read_csv(tmp_path / "3_channels.csv")[["red", "green", "blue"]].mean()
    assert shares["green"] > 0.5


def test_a_shape_is_found_where_it_is(tmp_path: Path) -> None:
    ensemble = trained(pictures("shape", count=500), epochs=40)
    assert auc(ensemble) > 0.9
    scores = asked(ensemble, tmp_path).scores.mean(axis=0)
    assert scores.reshape(4, 4)[2:].sum() > 0.65  # the lower half


def test_shuffled_labels_point_nowhere(tmp_path: Path) -> None:
    data = pictures("corner", shuffled=True)
    ensemble = trained(data, members=3)
    assert auc(ensemble) < 0.7
    scores = asked(ensemble, tmp_path).scores.mean(axis=0)
    told = asked(trained(pictures("corner")), tmp_path / "true").scores.mean(axis=0)
    assert scores[0] < told[0] / 2
    entropy, sure = (-(p * np.log2(p)).sum() for p in (scores, told))
    assert entropy > sure + 0.3  # spread out over the regions
