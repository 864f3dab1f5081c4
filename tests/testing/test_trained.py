"""TrainedEnsembles, and that the ensemble without training can stand in for them."""

import inspect
from dataclasses import replace

import numpy as np
import pytest

from deepfeat.testing.linear import LinearEnsemble
from deepfeat.testing.planted import planted
from deepfeat.testing.trained import TrainedEnsembles

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def make() -> TrainedEnsembles:
    return TrainedEnsembles()


def test_what_was_trained_is_remembered(make: TrainedEnsembles) -> None:
    assert make(planted().dataset(), 2) is make(planted().dataset(), 2)


def test_both_ensembles_answer_alike(make: TrainedEnsembles) -> None:
    data = planted().dataset()
    real, linear = make(data, 2), LinearEnsemble.fit(data, 2)
    x = data.x[:7]
    for ask in (
        len,
        lambda ensemble: ensemble.predict(x),
        lambda ensemble: ensemble.predict(x, "logit"),
        lambda ensemble: ensemble.gradients(x, output=0),
        lambda ensemble: ensemble.select([1]).predict(x),
        lambda ensemble: ensemble.gates,
        lambda ensemble: ensemble.first_layer[:, :, :1],
        lambda ensemble: np.asarray(ensemble[1](x)),
        lambda ensemble: np.asarray([np.asarray(model(x)) for model in ensemble.models()]),
    ):
        ours, theirs = np.asarray(ask(linear)), np.asarray(ask(real))
        assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    for name in ("predict", "gradients"):
        parameters = [inspect.signature(getattr(type(it), name)).parameters for it in (linear, real)]
        assert list(parameters[0]) == list(parameters[1])


def test_a_plan_is_trained_anew(make: TrainedEnsembles) -> None:
    data = planted().dataset()
    ensemble = make(data, 2)
    mask = ensemble.plan.mask.copy()
    mask[:, 1] = False
    refitted = make.refit(data, replace(ensemble.plan, mask=mask))
    assert not refitted.gates[:, 1].any()
    assert ensemble.gates[:, 1].all()
