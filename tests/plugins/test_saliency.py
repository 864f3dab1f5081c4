"""saliency: slopes per standard deviation."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from deepfeat.methods import Importance
from deepfeat.testing.linear import LinearEnsemble
from deepfeat.testing.planted import planted

Ask = Callable[..., Importance]


def test_of_a_linear_model_it_is_the_coefficient(ask: Ask) -> None:
    data = planted(task="regression").dataset()
    ensemble = LinearEnsemble.fit(data)
    answer = ask("saliency", ensemble, data)
    for member, model in enumerate(ensemble.models()):
        deviation = data.x[ensemble.plan.splits[member].train].std(axis=0)
        coefficient = model.kernel[:, 0] * deviation
        np.testing.assert_allclose(answer.scores[member], np.abs(coefficient), rtol=1e-5)
        np.testing.assert_allclose(answer.sign[member], np.sign(coefficient), rtol=1e-5)


def test_units_do_not_matter(ask: Ask) -> None:
    data = planted().dataset()
    in_grams = replace(data, x=data.x * np.float32(1000), sha256="grams")
    first, second = (ask("saliency", LinearEnsemble.fit(table), table).scores for table in (data, in_grams))
    np.testing.assert_allclose(second, first, rtol=1e-3)


def test_what_raises_all_logits_alike_does_not_matter(ask: Ask) -> None:
    data = planted(task="multiclass").dataset()
    ensemble = LinearEnsemble.fit(data)
    kernels = ensemble.kernels.copy()
    kernels[:, 4] += 7.0
    plain = ask("saliency", ensemble, data)
    raised = ask("saliency", replace(ensemble, kernels=kernels), data)
    np.testing.assert_allclose(raised.per_class, plain.per_class, rtol=1e-3, atol=1e-4)


def test_with_a_sigmoid_per_class_it_does(ask: Ask) -> None:
    data = planted(task="multiclass").dataset()
    ensemble = replace(LinearEnsemble.fit(data), head="sigmoid")
    kernels = ensemble.kernels.copy()
    kernels[:, 4] += 7.0
    plain = ask("saliency", ensemble, data)
    raised = ask("saliency", replace(ensemble, kernels=kernels), data)
    assert (raised.per_class[..., 4] > plain.per_class[..., 4] + 3).all()


def test_each_class_has_its_direction(ask: Ask) -> None:
    data = planted(task="multiclass").dataset()
    answer = ask("saliency", LinearEnsemble.fit(data), data)
    assert answer.sign is None
    np.testing.assert_allclose(answer.class_sign[:, [0, 2], 1], [[-1, 1]] * 4)


def test_a_category_has_no_direction(ask: Ask) -> None:
    data = planted(category=True).dataset()
    answer = ask("saliency", LinearEnsemble.fit(data), data)
    assert (answer.sign == 0).all()
    assert (answer.scores > 0).all()
