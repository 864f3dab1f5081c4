"""Early stopping follows the callback of Keras, epoch by epoch."""

import keras
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfeat.training.stopping import EarlyStopping


class Watched:
    """What the callback needs of a model."""

    stop_training = False
    epoch = -1

    def get_weights(self) -> list[int]:
        return [self.epoch]

    def set_weights(self, weights: list[int]) -> None:
        self.epoch = weights[0]


def by_keras(values: list[float], patience: int) -> tuple[int, int]:
    """Epochs trained, and the epoch whose weights are kept."""
    callback = keras.callbacks.EarlyStopping(
        "val_loss", patience=patience, restore_best_weights=True, mode="min"
    )
    model = Watched()
    callback.set_model(model)
    callback.on_train_begin()
    trained = 0
    for epoch, value in enumerate(values):
        model.epoch = epoch
        trained = epoch + 1
        callback.on_epoch_end(epoch, {"val_loss": value})
        if model.stop_training:
            break
    callback.on_train_end()
    return trained, model.epoch


losses = st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4, 0.5]), min_size=1, max_size=12)


@given(histories=st.lists(losses, min_size=1, max_size=4), patience=st.integers(1, 4))
@settings(deadline=None)
def test_every_member_stops_and_keeps_its_best_as_keras_does(
    histories: list[list[float]], patience: int
) -> None:
    epochs = max(map(len, histories))
    values = np.array([history + history[-1:] * (epochs - len(history)) for history in histories])
    stopping = EarlyStopping(len(values), patience)
    trained = np.zeros(len(values), dtype=int)
    kept = np.full(len(values), -1)
    active = np.arange(len(values))
    for epoch in range(epochs):
        improved, stopped = stopping.update(epoch, active, values[active, epoch])
        trained[active] = epoch + 1
        kept[active[improved]] = epoch
        active = active[~stopped]
    for member, history in enumerate(values):
        assert (trained[member], kept[member]) == by_keras(history.tolist(), patience)
    np.testing.assert_array_equal(stopping.best_epoch, kept)
    np.testing.assert_array_equal(stopping.best, [values[member, epoch] for member, epoch in enumerate(kept)])
