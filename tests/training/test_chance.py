"""Networks whose gates are open by chance: the same in every stack, and blind to masked features."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.ensemble import Ensemble, fit
from deepfeat.nets.network import Network, NetworkShape
from deepfeat.training.plan import build_plan
from deepfeat.training.settings import TrainingSettings
from deepfeat.training.trainer import Trainer

PENALTIES = (0.0, 0.1, 1.0, 100.0)


class Chance(Network):
    """A gate that is open by chance, and one hidden layer."""

    name = "chance"

    def build(self, inputs: Any, shape: NetworkShape) -> Any:  # noqa: ANN401
        import keras  # noqa: PLC0415

        from deepfeat.nets.gate import StochasticGate  # noqa: PLC0415

        hidden = keras.layers.Dense(6, activation="relu")(StochasticGate(shape.column_feature)(inputs))
        return keras.layers.Dense(shape.outputs, name="logits")(hidden)


class OneByOne(Chance):
    """With a layer that has no stacked form."""

    def build(self, inputs: Any, shape: NetworkShape) -> Any:  # noqa: ANN401
        import keras  # noqa: PLC0415

        return keras.layers.LayerNormalization()(super().build(inputs, shape))


@pytest.fixture(scope="module")
def data(make_data: Callable[..., Dataset]) -> Dataset:
    return make_data("binary", rows=60, widths=(1, 3, 1))


@cache
def trainer_of(data: Dataset, network: type[Network]) -> Trainer:
    """One for all tests, so that a network is compiled once."""
    settings = TrainingSettings(
        loss="cross_entropy",
        epochs=12,
        patience=12,
        learning_rate=0.1,
        batch_size=16,
        monitor="penalised_loss",
    )
    return Trainer(data, network(), settings, memory=1 << 32)


def trained(data: Dataset, network: type[Network], stack_size: int, *, masked: int | None = None) -> Ensemble:
    trainer = trainer_of(data, network)
    trainer._stack_size = stack_size
    plan = build_plan(data, trainer.settings.split, len(PENALTIES), 0, trainer.template.network)
    mask = plan.mask & (np.arange(3) != masked)
    return fit(replace(plan, penalty=np.array(PENALTIES), mask=mask), trainer)


def test_the_same_bits_in_every_stack(data: Dataset) -> None:
    together, apart = (trained(data, Chance, size) for size in (4, 1))
    for ours, theirs in zip(together.members.load(range(4))[0], apart.members.load(range(4))[0], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(together.predict(data.x), apart.predict(data.x))


def test_gates_shut_as_they_become_dearer(data: Dataset) -> None:
    ensemble = trained(data, Chance, 4)
    assert (np.diff(ensemble.chance_open.mean(axis=1)) < 0).all()
    assert ensemble.gates[-1].max() == 0
    assert not ensemble.uses[-1].any()
    # With every gate shut nothing but a constant is left, and a member by itself says the same.
    assert np.ptp(ensemble.predict(data.x)[-1]) == 0
    np.testing.assert_allclose(ensemble[0](data.x), ensemble.predict(data.x)[0], atol=1e-5)


def test_a_masked_feature_never_gets_in(data: Dataset) -> None:
    ensemble = trained(data, Chance, 4, masked=1)
    assert (ensemble.chance_open[:, 1] == 0).all()
    assert not ensemble.uses[:, 1].any()
    changed = data.x.copy()
    changed[:, 1:4] = 7
    np.testing.assert_array_equal(ensemble.predict(changed), ensemble.predict(data.x))


def test_one_by_one_they_learn_the_same_kind_of_thing(data: Dataset) -> None:
    ensemble = trained(data, OneByOne, 4)
    assert ensemble.gates[-1].max() == 0
    assert ensemble.chance_open[0].min() > ensemble.chance_open[-1].max()
