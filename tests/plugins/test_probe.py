"""probe: one feature speaks while all others are silent."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from deepfeat.data.dataset import Feature
from deepfeat.methods import Importance
from deepfeat.testing.linear import LinearEnsemble
from deepfeat.testing.planted import planted

Ask = Callable[..., Importance]


@pytest.mark.parametrize("reference", ["mean", "zero"])
@pytest.mark.parametrize("step", ["deviation", "unit"])
def test_of_a_linear_model_it_is_the_coefficient(reference: str, step: str, ask: Ask) -> None:
    data = planted(task="regression").dataset()
    ensemble = LinearEnsemble.fit(data)
    answer = ask("probe", ensemble, data, reference=reference, step=step)
    for member, model in enumerate(ensemble.models()):
        coefficient = model.kernel[:, 0]
        if step == "deviation":
            coefficient = coefficient * data.x[ensemble.plan.splits[member].train].std(axis=0)
        np.testing.assert_allclose(answer.scores[member], np.abs(coefficient), rtol=1e-3, atol=1e-6)
        np.testing.assert_allclose(answer.sign[member], np.sign(coefficient))


def test_a_category_takes_each_of_its_levels(ask: Ask) -> None:
    data = planted(category=True, features=2).dataset()
    # A number, and two categories of which one has fewer levels.
    features = (Feature("n", 0, 1), Feature("two", 1, 3, ("a", "b")), Feature("three", 3, 6, ("a", "b", "c")))
    mixed = replace(data, features=features)
    ensemble = replace(LinearEnsemble.fit(data, 1), data=mixed)
    answer = ask("probe", ensemble, mixed)
    (model,) = ensemble.models()
    kernel, mean = model.kernel[:, 0], data.x[ensemble.plan.splits[0].train].mean(axis=0)
    for index, columns in ((1, slice(1, 3)), (2, slice(3, 6))):
        changes = kernel[columns] - mean[columns] @ kernel[columns]
        np.testing.assert_allclose(answer.scores[0, index], np.abs(changes).mean(), rtol=1e-4)
    np.testing.assert_array_equal(answer.sign[0], [np.sign(kernel[0]), 0, 0])


def test_probabilities_can_be_asked_for(ask: Ask) -> None:
    data = planted().dataset()
    ensemble = LinearEnsemble.fit(data)
    scores = ask("probe", ensemble, data, output="probability").scores
    assert (scores <= 1).all()
    assert scores.mean(axis=0).argmax() == 1


def test_each_class_has_its_direction(ask: Ask) -> None:
    data = planted(task="multiclass").dataset()
    ensemble = LinearEnsemble.fit(data)
    answer = ask("probe", ensemble, data)
    assert answer.sign is None
    np.testing.assert_allclose(answer.class_sign[:, [0, 2], 1], [[-1, 1]] * 4)
    kernels = ensemble.kernels.copy()
    kernels[:, 4] += 7.0
    raised = ask("probe", replace(ensemble, kernels=kernels), data)
    np.testing.assert_allclose(raised.per_class, answer.per_class, rtol=1e-3, atol=1e-4)


def test_what_raises_all_logits_alike_matters_with_a_sigmoid_per_class(ask: Ask) -> None:
    data = planted(task="multiclass").dataset()
    ensemble = replace(LinearEnsemble.fit(data), head="sigmoid")
    kernels = ensemble.kernels.copy()
    kernels[:, 4] += 7.0
    raised = ask("probe", replace(ensemble, kernels=kernels), data)
    assert (raised.per_class[..., 4] > ask("probe", ensemble, data).per_class[..., 4] + 3).all()
