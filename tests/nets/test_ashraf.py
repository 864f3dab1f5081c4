"""The network of 2021, exactly."""

from math import sqrt

import keras
import numpy as np
import pytest

from deepfeat.nets.ashraf import Ashraf2021
from deepfeat.nets.network import NetworkShape
from deepfeat.nets.template import build_template, initial_weights
from deepfeat.training.settings import merge_settings

SHAPE = NetworkShape(tuple(range(13)), 5, "multiclass")


def test_the_layers() -> None:
    model = build_template(Ashraf2021(), SHAPE).model
    assert [layer.name for layer in model.layers[1:]] == [
        "gate",
        *("dense_1", "noise_1", "dropout_1"),
        *("dense_2", "noise_2", "dropout_2"),
        *("dense_3", "dropout_3"),
        "logits",
    ]
    for block in (1, 2, 3):
        dense = model.get_layer(f"dense_{block}")
        assert (dense.units, dense.activation) == (128, keras.activations.relu)
        assert (dense.kernel_regularizer.l2, dense.bias_regularizer.l2) == (1e-3, 1e-3)
        assert model.get_layer(f"dropout_{block}").rate == 0.5
    assert {model.get_layer(f"noise_{block}").stddev for block in (1, 2)} == {0.005}
    assert model.get_layer("logits").kernel_regularizer is None
    assert model.count_params() == 13 + 14 * 128 + 2 * 129 * 128 + 129 * 5


def test_gates_start_uniform_about_zero_and_pass_only_what_is_positive() -> None:
    template = build_template(Ashraf2021(), SHAPE)
    mask = np.ones(13, dtype=bool)
    gates = np.concatenate([initial_weights(template, seed, mask)[0] for seed in range(100)])
    assert gates.min() >= -sqrt(3)
    assert gates.max() <= sqrt(3)
    assert np.mean(gates) == pytest.approx(0, abs=0.1)
    assert np.std(gates) == pytest.approx(1, abs=0.05)
    assert template.model.get_layer("gate").activation is keras.activations.relu


def test_the_training() -> None:
    settings = merge_settings(Ashraf2021.training, {}, "multiclass")
    assert (settings.loss, settings.optimizer, settings.learning_rate) == ("soft_f1", "adam", 1e-4)
    assert (settings.epochs, settings.batch_size, settings.patience) == (2000, 64, 15)
    assert (settings.monitor, settings.scaling, settings.weight_decay) == ("penalised_loss", "l2_table", 0)
    assert settings.split.model_dump() == {
        "method": "last",
        "train": 0.5,
        "valid": 0.5,
        "test": 0.0,
        "folds": 5,
        "rows": None,
    }


@pytest.mark.parametrize(
    ("task", "head"), [("multiclass", "sigmoid"), ("binary", "sigmoid"), ("regression", "linear")]
)
def test_every_label_has_a_sigmoid_of_its_own(task: str, head: str) -> None:
    assert Ashraf2021().head(task) == head
    assert Ashraf2021().gate_penalties(range(2)) == [0.0, 0.0]
