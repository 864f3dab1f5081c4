"""Networks with a proximal step: what leaves is exactly zero, in every stack, and linear ones are lassos."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.data.splits import Split
from deepfeat.ensemble import Ensemble, fit
from deepfeat.nets.network import Network, NetworkShape
from deepfeat.training.plan import build_plan
from deepfeat.training.settings import TrainingSettings
from deepfeat.training.trainer import Trainer

PENALTIES = (0.0, 0.01, 0.3, 3.0, 100.0)


class Hierarchical(Network):
    """A hidden layer beside a linear connection that bounds it."""

    name = "hierarchical"
    ratio = 10.0

    def build(self, inputs: Any, shape: NetworkShape) -> Any:  # noqa: ANN401
        import keras  # noqa: PLC0415

        hidden = keras.layers.Dense(6, activation="relu", name="hidden")(inputs)
        linear = keras.layers.Dense(shape.outputs, name="linear")(inputs)
        return keras.layers.Add()([keras.layers.Dense(shape.outputs)(hidden), linear])

    def proximal(self, model: Any, shape: NetworkShape) -> Any:  # noqa: ANN401
        from deepfeat.nets.proximal import Hierarchy  # noqa: PLC0415 - loads TensorFlow

        kernels = (model.get_layer(name).kernel for name in ("linear", "hidden"))
        return Hierarchy(*kernels, shape.column_feature, self.ratio)


class AlmostLinear(Hierarchical):
    """Hidden weights so bounded that they are nothing."""

    ratio = 1e-6


class OneByOne(Hierarchical):
    """With a layer that has no stacked form."""

    def build(self, inputs: Any, shape: NetworkShape) -> Any:  # noqa: ANN401
        import keras  # noqa: PLC0415

        return keras.layers.LayerNormalization()(super().build(inputs, shape))


def paths(data: Dataset, network: Network, *stack_sizes: int, **settings: Any) -> list[Ensemble]:  # noqa: ANN401
    """Members that differ in nothing but their penalty, validated on the rows they learn from."""
    chosen = TrainingSettings.model_validate(
        {
            "optimizer": "sgd",
            "learning_rate": 0.05,
            "batch_size": 16,
            "monitor": "penalised_loss",
            "patience": 1000,
            **settings,
        }
    )
    first = build_plan(data, chosen.split, 1, 0, network)
    train = first.splits[0].train
    plan = replace(
        first.select([0] * len(PENALTIES)),
        splits=(Split(train, train, train),) * len(PENALTIES),
        penalty=np.array(PENALTIES),
    )
    trainer = Trainer(data, network, chosen, memory=1 << 32)
    answers = []
    for size in stack_sizes:
        trainer._stack_size = size
        answers.append(fit(plan, trainer))
    return answers


def everything(ensemble: Ensemble) -> bytes:
    values, _, _ = ensemble.members.load(range(len(ensemble)))
    histories = [record.history for record in ensemble.records]
    return b"".join(np.ascontiguousarray(array).tobytes() for array in (*values, *histories))


def kernel(ensemble: Ensemble, layer: str) -> np.ndarray:
    template = ensemble.template
    weights: np.ndarray = ensemble.weights(template.index(template.model.get_layer(layer).kernel))
    return weights


@pytest.mark.parametrize(
    "network",
    [
        pytest.param(Hierarchical(), id="stacked"),
        pytest.param(OneByOne(), id="one by one", marks=pytest.mark.slow),
    ],
)
def test_features_leave_as_the_penalty_grows(make_data: Callable[..., Dataset], network: Network) -> None:
    data = make_data("binary", widths=(1, 3, 1, 1))
    (ensemble,) = paths(data, network, 8, epochs=40, loss="cross_entropy")
    assert ensemble.template.stackable is not isinstance(network, OneByOne)
    linear, hidden = kernel(ensemble, "linear"), kernel(ensemble, "hidden")
    on = [np.abs(linear[:, data.column_feature == feature]).max(axis=(1, 2)) > 0 for feature in range(4)]
    counts = np.sum(on, axis=0)
    assert counts[0] == 4
    assert counts[-1] == 0
    assert (np.diff(counts) <= 0).all()
    assert np.abs(hidden[-1]).max() == 0
    for feature in range(4):
        own = data.column_feature == feature
        bound = Hierarchical.ratio * np.linalg.norm(linear[:, own].reshape(len(PENALTIES), -1), axis=1)
        assert (np.abs(hidden[:, own]).max(axis=(1, 2)) <= bound * (1 + 1e-5)).all()


@pytest.mark.parametrize("widths", [(1, 3, 2), pytest.param((1,) * 37, marks=pytest.mark.slow)])
def test_members_as_one_stack_and_one_by_one(make_data: Callable[..., Dataset], widths: Any) -> None:  # noqa: ANN401
    data = make_data("multiclass", rows=50, widths=widths)
    together, pairs, alone = paths(data, Hierarchical(), 8, 2, 1, epochs=6, loss="soft_f1")
    assert everything(pairs) == everything(together)
    assert everything(alone) == everything(together)


def test_a_linear_network_is_a_lasso(make_data: Callable[..., Dataset]) -> None:
    from sklearn.linear_model import Lasso  # noqa: PLC0415 - slow to import

    data = make_data("regression", rows=120)
    (ensemble,) = paths(data, AlmostLinear(), 8, epochs=200, loss="squared_error", batch_size=1000)
    ours = kernel(ensemble, "linear")[..., 0]
    train = ensemble.plan.splits[0].train
    x, y = data.x[train], data.y[train, 0]
    scaled, target = (x - x.mean(axis=0)) / x.std(axis=0), (y - y.mean()) / y.std()
    for penalty, coefficients in zip(PENALTIES[1:], ours[1:], strict=True):
        # scikit-learn halves the squared error.
        expected = Lasso(alpha=penalty / 2).fit(scaled, target).coef_
        np.testing.assert_allclose(coefficients, expected, atol=0.02)
        np.testing.assert_array_equal(coefficients == 0, expected == 0)


def test_penalties_warm_up(make_data: Callable[..., Dataset]) -> None:
    data = make_data("binary", rows=60)
    how = {"epochs": 4, "monitor": "loss", "loss": "cross_entropy"}
    (cold,) = paths(data, Hierarchical(), 8, **how)
    (warm,) = paths(data, Hierarchical(), 8, penalty_warmup=2, **how)
    (dense,) = paths(data, Hierarchical(), 8, penalty_warmup=1000000, **how)
    # Without penalty there is nothing to warm up; in the first epoch none is in force, whatever its strength.
    np.testing.assert_array_equal(warm.records[0].history, cold.records[0].history)
    assert len({record.history[0].tobytes() for record in warm.records}) == 1
    assert len({record.history[0].tobytes() for record in cold.records}) == len(PENALTIES)
    assert warm.records[-1].history[-1, 0] != warm.records[0].history[-1, 0]
    for record in dense.records:
        np.testing.assert_allclose(record.history, cold.records[0].history, rtol=1e-3)
    assert {record.best_epoch for record in dense.records} == {4}, "there is always one to keep"


def test_weights_that_have_not_paid_the_whole_price_are_not_kept(make_data: Callable[..., Dataset]) -> None:
    data = make_data("binary", rows=60)
    how = {"epochs": 12, "monitor": "loss", "loss": "cross_entropy", "learning_rate": 1.0, "patience": 3}
    (cold,) = paths(data, Hierarchical(), 8, **how)
    (warm,) = paths(data, Hierarchical(), 8, **{**how, "penalty_warmup": 6})
    assert min(record.best_epoch for record in cold.records) < 6
    assert min(record.best_epoch for record in warm.records) > 6
    assert min(record.epochs for record in warm.records) >= 6 + 3
