"""The time of plain Keras is measured once for each network, and projected by steps."""

from collections.abc import Callable
from dataclasses import replace

import keras
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.ensemble import Ensemble
from deepfeat.nets.network import Network
from deepfeat.training import alone
from deepfeat.training.alone import keras_step_seconds


def test_it_is_the_time_of_a_fit(
    make_data: Callable[..., Dataset],
    make_network: Callable[..., Network],
    train: Callable[..., Ensemble],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = make_data("binary", rows=200)
    ensemble = train(data, make_network(), members=3, epochs=2)
    clock, takes, fit = [100.0], [7.0, 2.0], keras.Model.fit

    def timed(*args: object, **how: object) -> object:
        clock[0] += takes.pop(0)
        return fit(*args, **how)

    monkeypatch.setattr(keras.Model, "fit", timed)
    monkeypatch.setattr(alone, "perf_counter", lambda: clock[0])
    step = keras_step_seconds(ensemble.template, data)
    assert takes == [], "the first epoch compiles, the second is measured"
    assert step == 2.0 * alone.BATCH / alone.ROWS
    assert keras_step_seconds(ensemble.template, data) == step
    # 140 training rows are three steps of 64, for two epochs and three members.
    assert [len(split.train) for split in ensemble.plan.splits] == [140] * 3
    assert ensemble.seconds_one_by_one() == pytest.approx(18 * step)
    ensemble.records[0] = replace(ensemble.records[0], epochs=5)
    assert ensemble.seconds_one_by_one() == pytest.approx(27 * step)
