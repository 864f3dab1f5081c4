"""Networks without a stacked form train one member after another, by the same loop and rules."""

import logging
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.ensemble import Ensemble, fit
from deepfeat.nets.network import Network, NetworkShape
from deepfeat.nets.template import initial_weights
from deepfeat.training.batches import EpochOrder
from deepfeat.training.forward import SingleForward, StackedForward
from deepfeat.training.plan import FitPlan, build_plan
from deepfeat.training.settings import TrainingSettings
from deepfeat.training.trainer import Trainer

L, R = keras.layers, keras.regularizers
Tensor = Any


class Convolutions(Network):
    """Normalisation, convolution, and penalties and constraints that are not elementwise."""

    name = "convolutions"
    rate = 0.0

    def build(self, inputs: Tensor, shape: NetworkShape) -> Tensor:
        spread = L.Reshape((shape.columns, 1))(inputs)
        # Normalisation cancels a bias: its derivative would be rounding noise, of which Adam makes a step.
        hidden = L.Conv1D(4, 2, use_bias=False, kernel_regularizer="l1", activity_regularizer=R.L2(0.01))(
            spread
        )
        hidden = L.BatchNormalization(momentum=0.8)(L.Flatten()(hidden))
        hidden = L.Dropout(self.rate)(keras.ops.relu(hidden))
        twice = L.Dense(
            hidden.shape[-1],
            kernel_constraint=keras.constraints.MaxNorm(0.9),
            kernel_regularizer=R.OrthogonalRegularizer(0.05),
        )
        return L.Dense(shape.outputs)(L.LayerNormalization()(twice(twice(hidden))))


class WithDropout(Convolutions):
    rate = 0.4


class Stackable(Network):
    """What a plugin may write with nothing but stackable layers."""

    name = "stackable"

    def build(self, inputs: Tensor, shape: NetworkShape) -> Tensor:
        return L.Dense(shape.outputs)(L.Dropout(0.2)(L.Dense(4, activation="elu")(inputs)))


def trainer_of(
    data: Dataset, network: Network, members: int = 3, **settings: object
) -> tuple[Trainer, FitPlan]:
    chosen = TrainingSettings.model_validate(
        {"loss": "cross_entropy", "monitor": "loss", "batch_size": 10, "learning_rate": 0.02, **settings}
    )
    return Trainer(data, network, chosen), build_plan(data, chosen.split, members, 0, network)


@pytest.fixture(scope="module")
def data(make_data: Callable[..., Dataset]) -> Dataset:
    return make_data("multiclass", rows=60)


@pytest.fixture(scope="module")
def noisy(data: Dataset) -> tuple[Trainer, FitPlan]:
    return trainer_of(data, WithDropout(), epochs=4)


@pytest.fixture(scope="module")
def ensemble(noisy: tuple[Trainer, FitPlan]) -> Ensemble:
    return fit(noisy[1], noisy[0])


def test_a_member_trains_as_keras_trains_it(
    data: Dataset, keras_twin: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EpochOrder, "_order", lambda self, _, member: self._train[member])
    trainer, plan = trainer_of(data, Convolutions(), 1, epochs=6, patience=2)
    assert trainer.template.why_not_stackable
    stack = trainer.train(plan)
    twin = keras_twin(trainer.template, trainer.settings)
    twin.start(initial_weights(trainer.template, plan.seeds[0], plan.mask[0]), 0.0)
    watched = twin.fit(data, plan, 0)
    (record,) = stack.records
    assert (record.epochs, record.best_epoch) == (len(watched), int(np.argmin(watched)) + 1)
    np.testing.assert_allclose(record.history[:, 1], watched, rtol=1e-4)
    # The moving averages of the normalisation are among them, as they were in the best epoch.
    names = [variable.path for variable in trainer.template.variables]
    assert any("moving_mean" in name for name in names)
    for name, value, stock in zip(names, stack.values, twin.weights, strict=True):
        np.testing.assert_allclose(value[0], stock, atol=1e-3, err_msg=name)


def test_it_is_deterministic_with_dropout_and_in_any_company(
    ensemble: Ensemble, noisy: tuple[Trainer, FitPlan]
) -> None:
    trainer, plan = noisy
    again = fit(plan.select([2, 0]), trainer)
    for ours, theirs in zip(again.members.load([0, 1])[0], ensemble.members.load([2, 0])[0], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(again.records[0].history, ensemble.records[2].history)
    assert not np.array_equal(ensemble.records[0].history, ensemble.records[1].history)


def test_its_members_are_asked_as_any_others(ensemble: Ensemble, data: Dataset) -> None:
    answers = ensemble.predict(data.x)
    assert answers.shape == (3, 60, 3)
    for member in range(3):
        np.testing.assert_allclose(ensemble[member](data.x), answers[member], atol=1e-5)


def test_state_is_not_changed_by_asking(ensemble: Ensemble, data: Dataset) -> None:
    np.testing.assert_array_equal(ensemble.predict(data.x[:5]), ensemble.predict(data.x)[:, :5])


def test_the_log_says_which_path_was_taken_and_why(
    data: Dataset, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deepfeat.training.trainer.train_stack", lambda *_: None)
    with caplog.at_level(logging.DEBUG, "deepfeat"):
        for network in (Convolutions(), Stackable()):
            trainer, plan = trainer_of(data, network, 1)
            trainer.train(plan)
    one_by_one, together = (
        next(text for text in caplog.messages if text.startswith(f"network {name} "))
        for name in ("convolutions", "stackable")
    )
    assert one_by_one.startswith(
        "network convolutions trains one member after another: reshape: Reshape has no stacked form"
    )
    assert one_by_one.endswith(" and 8 layers more")
    assert together == "network stackable trains its members together, as stacks"


def test_stackable_layers_train_as_a_stack(data: Dataset) -> None:
    trainer, plan = trainer_of(data, Stackable(), 4, epochs=1)
    assert isinstance(trainer.inference.forward, StackedForward)
    assert [len(stack) for stack in trainer.stacks(plan)] == [4]
    single, _ = trainer_of(data, Convolutions(), 4, epochs=1)
    assert isinstance(single.inference.forward, SingleForward)
    assert [len(stack) for stack in single.stacks(plan)] == [1, 1, 1, 1]
