"""The same network as plain Keras trains it, for the engine to be compared with."""

from math import cos, pi
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from deepfeat.data.dataset import Dataset
from deepfeat.nets.losses import BatchLoss
from deepfeat.nets.template import Template, build_template
from deepfeat.training.plan import FitPlan
from deepfeat.training.scaling import input_scaling
from deepfeat.training.settings import TrainingSettings

STOCK: dict[tuple[str, str], keras.losses.Loss] = {
    ("cross_entropy", "sigmoid"): keras.losses.BinaryCrossentropy(from_logits=True),
    ("cross_entropy", "softmax"): keras.losses.CategoricalCrossentropy(from_logits=True),
    ("squared_error", "linear"): keras.losses.MeanSquaredError(),
}


class GatePenalty(keras.regularizers.Regularizer):  # type: ignore[misc]
    """The penalty of a member on the sum of its gates; the L1 norm of what is never negative."""

    def __init__(self) -> None:
        self.strength = tf.Variable(0.0)

    def __call__(self, gate: Any) -> Any:  # noqa: ANN401
        return self.strength * tf.reduce_sum(gate)


class CosinePerEpoch(keras.callbacks.Callback):  # type: ignore[misc]
    """Half a cosine from the learning rate down to zero, a step per epoch."""

    def __init__(self, rate: float, epochs: int) -> None:
        super().__init__()
        self._rate, self._epochs = rate, epochs

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002
        self.model.optimizer.learning_rate = self._rate * (1 + cos(pi * epoch / self._epochs)) / 2


class KerasTwin:
    """A Keras model with stock optimizer and, where there is one, stock loss, compiled once."""

    def __init__(self, template: Template, settings: TrainingSettings) -> None:
        self._settings = settings
        self.model = build_template(template.network, template.shape).model
        self._penalty = GatePenalty()
        if template.gate is not None:
            self.model.get_layer("gate").gate.regularizer = self._penalty
        name, head = settings.loss, template.head
        loss = STOCK.get((name, head), BatchLoss(name, head))
        loss.name = name
        self._optimizer = _optimizer(settings)
        self.model.compile(self._optimizer, loss, metrics=[loss], jit_compile=False)
        self._optimizer.build(self.model.trainable_variables)
        self._fresh = [variable.numpy() for variable in self._optimizer.variables]

    def start(self, weights: list[np.ndarray], penalty: float) -> None:
        """Forget the last member and begin with another one."""
        for variable, value in zip(self._optimizer.variables, self._fresh, strict=True):
            variable.assign(value)
        self.model.set_weights(weights)
        self._penalty.strength.assign(penalty)

    def fit(self, data: Dataset, plan: FitPlan, member: int) -> list[float]:
        """Train a member with `fit` and `EarlyStopping`, rows in the order of the plan.

        Leaves the best weights in the model, and returns what was watched, epoch by epoch.
        """
        settings, split = self._settings, plan.splits[member]
        watched = "val_loss" if settings.monitor == "penalised_loss" else f"val_{settings.loss}"
        callbacks: list[Any] = [
            keras.callbacks.EarlyStopping(
                watched, mode="min", patience=settings.patience, restore_best_weights=True
            )
        ]
        if settings.schedule == "cosine":
            callbacks.append(CosinePerEpoch(settings.learning_rate, settings.epochs))
        center, scale = (part[member] for part in input_scaling(data, plan, settings))
        x = (data.x - center) * scale
        history = self.model.fit(
            x[split.train],
            data.y[split.train],
            batch_size=settings.batch_size,
            epochs=settings.epochs,
            shuffle=False,
            validation_data=(x[split.valid], data.y[split.valid]),
            validation_batch_size=settings.validation_batch or len(split.valid),
            callbacks=callbacks,
            verbose=0,
        )
        losses: list[float] = history.history[watched]
        return losses

    @property
    def weights(self) -> list[np.ndarray]:
        return [variable.numpy() for variable in self.model.weights]


def _optimizer(settings: TrainingSettings) -> keras.optimizers.Optimizer:
    rate, decay = settings.learning_rate, settings.weight_decay or None
    if settings.optimizer == "sgd":
        optimizer = keras.optimizers.SGD(rate, weight_decay=decay)
    else:
        optimizer = keras.optimizers.AdamW(rate, weight_decay=decay) if decay else keras.optimizers.Adam(rate)
    if decay:
        optimizer.exclude_from_weight_decay(var_names=["gate", "bias"])
    return optimizer


@pytest.fixture(scope="session")
def keras_twin() -> type[KerasTwin]:
    """Makes the Keras model of a network and its training."""
    return KerasTwin
