"""layers: its figures are right where they can be computed by hand, and its tables say what is to be seen."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.ensemble import Ensemble, fit
from deepfeat.methods import Context, Method, MethodError
from deepfeat.methods.registry import load_registry
from deepfeat.nets.cnn import Cnn
from deepfeat.testing.pictures import pictures
from deepfeat.training.plan import build_plan
from deepfeat.training.settings import SplitSettings, merge_settings
from deepfeat.training.trainer import Trainer

REGISTRY = load_registry([Path(__file__).parents[2] / "plugins" / "layers.py"], environ={})
LAYERS: type[Method] = REGISTRY.methods["layers"]
MODULE: Any = sys.modules[LAYERS.__module__]
NAMES = [
    *("picture", "conv_1a", "conv_1b", "pool_1", "conv_2a", "conv_2b", "pool_2"),
    *("dense", "dropout", "flatten", "logits"),
]


def trained(data: Dataset, epochs: int, rows: int | None = None, members: int = 2) -> Ensemble:
    network = Cnn(Cnn.Params(filters=4, units=4))
    chosen = {"epochs": epochs, "patience": epochs, "batch_size": 32, "learning_rate": 3e-3}
    settings = merge_settings(Cnn.training, chosen, data.task)
    plan = build_plan(data, SplitSettings(train=0.7, valid=0.15, test=0.15, rows=rows), members, 0, network)
    return fit(plan, Trainer(data, network, settings))


@pytest.fixture(scope="module")
def little() -> Ensemble:
    """Two networks, compiled once: one after another they share what was compiled."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("deepfeat.training.trainer.threads", lambda: 1)
        return trained(pictures("corner", count=60), epochs=1)


def asked(ensemble: Ensemble, folder: Path) -> Path:
    context = Context(seed=0, method="layers", folder=folder)
    answer = LAYERS().explain(ensemble, ensemble.data, context)
    answer.check(len(ensemble), ensemble.data.n_features)
    return folder


def test_entropy_redundancy_and_zeros_by_hand() -> None:
    rng = np.random.default_rng(0)
    assert MODULE._bits(np.full(64, 1 / 64)) == pytest.approx(6)
    assert MODULE._bits(np.array([1.0, 0.0])) == 0
    assert MODULE._entropy_of(np.array([[0.5, 0.5], [1.0, 0.0]])) == pytest.approx([1, 0], abs=1e-9)
    alike = rng.normal(size=(50, 4, 4, 1)) * np.array([1.0, -2.0])
    assert MODULE._redundancy(alike, rng) == pytest.approx(1)
    apart = rng.normal(size=(500, 4, 4, 3))
    assert MODULE._redundancy(apart, rng) < 0.05
    assert np.isnan(MODULE._redundancy(alike[..., :1], rng))
    answers = np.zeros((10, 2, 2, 5), dtype=np.float32)
    answers[..., 0] = np.linspace(0.5, 1, 40).reshape(10, 2, 2)
    told = MODULE._figures(answers, rng.random((10, 20)).astype(np.float32), rng)
    assert told.near_zero == pytest.approx(0.8)
    assert told.gain == pytest.approx(
        MODULE._bits(MODULE._histogram(rng.random((10, 20)))[1]) - told.entropy, abs=0.3
    )


def test_every_layer_is_told_of(little: Ensemble, tmp_path: Path) -> None:
    ensemble = little
    folder = asked(ensemble, tmp_path)
    table = pd.read_csv(folder / "5_layers.csv")
    assert table["layer"].unique().tolist() == NAMES
    assert sorted(table["network"].unique()) == [0, 1]
    assert table["near_zero"].between(0, 1).all()
    assert table["entropy"].between(0, 6).all()
    shares = pd.read_csv(folder / "2_distributions.csv").groupby("layer")["share"].sum()
    assert shares.to_dict() == pytest.approx(dict.fromkeys(["image", *NAMES], 1))
    classes = pd.read_csv(folder / "1_classes.csv")
    assert classes.groupby("specimen")["probability"].sum().tolist() == pytest.approx([1, 1])
    assert classes["entropy_bits"].between(0, 1).all()
    first = pd.read_csv(folder / "3_first_convolution.csv")
    expected = ensemble.select([0]).activations(ensemble.data.images.specimens[:1], "conv_1a")[0, 0]  # type: ignore[union-attr]
    assert first["activation"].to_numpy() == pytest.approx(expected.reshape(-1), abs=1e-5)
    assert (folder / "4_last_convolution.png").exists()
    assert (folder / "maps_pool_2.png").exists()


def test_without_a_specimen_it_says_so(little: Ensemble, tmp_path: Path) -> None:
    data = pictures("corner", count=60)
    object.__setattr__(data.images, "specimens", np.empty((0, data.n_columns), dtype=np.float32))
    without = Ensemble(little.template, data, little.plan, little.members, little.records)
    with pytest.raises(MethodError, match=r"set data\.images\.specimen to 1 or more"):
        asked(without, tmp_path)


@pytest.mark.slow
def test_networks_that_saw_more_images_are_surer(tmp_path: Path) -> None:
    data = pictures("shape", count=500)
    tables = [
        pd.read_csv(asked(trained(data, 30, rows), tmp_path / str(rows)) / "1_classes.csv")
        for rows in (30, 340)
    ]
    few, many = (table["held_out_entropy_bits"].iloc[0] for table in tables)
    assert many < few
