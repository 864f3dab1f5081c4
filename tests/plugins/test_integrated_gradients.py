"""integrated_gradients: contributions that add up to the answer."""

import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from deepfeat.data.dataset import Dataset
from deepfeat.methods import Importance
from deepfeat.methods.registry import Registry
from deepfeat.testing.linear import LinearEnsemble
from deepfeat.testing.planted import planted
from deepfeat.training.replaced import Output

Ask = Callable[..., Importance]


class Curved(LinearEnsemble):
    """The logit of a linear model to the power of three."""

    def predict(self, x: ArrayLike, output: Output = "probability") -> NDArray[np.float32]:
        assert output == "logit"
        return super().predict(x, "logit") ** 3

    def gradients(self, x: ArrayLike, output: int = 0) -> NDArray[np.float32]:
        inner = 3 * super().predict(x, "logit")[..., [output]] ** 2
        return inner * super().gradients(x, output)


def curved(data: Dataset) -> Curved:
    return Curved(**vars(LinearEnsemble.fit(data)))


def test_contributions_add_up_to_the_answer(registry: Registry) -> None:
    assert "integrated_gradients" in registry.methods
    attributions = sys.modules["deepfeat_plugins.integrated_gradients"].attributions
    data = planted(task="regression").dataset()
    ensemble = curved(data)
    baselines = ensemble.moments[0].astype(np.float32)
    # Gauss-Legendre of k points is exact for polynomials of degree 2 k - 1; the slope has degree 2.
    parts = attributions(ensemble, data, data.x[:20], baselines, steps=2)
    change = ensemble.predict(data.x[:20], "logit") - ensemble.predict(baselines[:, None], "logit")
    assert parts.shape == (4, 1, 20, 6)
    np.testing.assert_allclose(parts.sum(axis=-1), change.transpose(0, 2, 1), rtol=1e-4, atol=1e-4)


def test_of_a_linear_model_it_is_the_distance_from_the_mean(ask: Ask) -> None:
    data = planted(task="regression").dataset()
    ensemble = LinearEnsemble.fit(data)
    answer = ask("integrated_gradients", ensemble, data, rows=data.n_rows, steps=1)
    for member, model in enumerate(ensemble.models()):
        mean = data.x[ensemble.plan.splits[member].train].mean(axis=0)
        expected = np.abs((data.x - mean) * model.kernel[:, 0]).mean(axis=0)
        np.testing.assert_allclose(answer.scores[member], expected, rtol=1e-4)
        np.testing.assert_allclose(answer.sign[member], np.sign(model.kernel[:, 0]), rtol=1e-4)


def test_squares_of_a_linear_model_are_its_parts_of_the_variance(ask: Ask) -> None:
    data = planted(task="regression").dataset()
    ensemble = LinearEnsemble.fit(data)
    answer = ask("integrated_gradients", ensemble, data, rows=data.n_rows, steps=1, measure="squared")
    absolute = ask("integrated_gradients", ensemble, data, rows=data.n_rows, steps=1)
    for member, model in enumerate(ensemble.models()):
        mean = data.x[ensemble.plan.splits[member].train].mean(axis=0)
        expected = (((data.x - mean) * model.kernel[:, 0]) ** 2).mean(axis=0)
        np.testing.assert_allclose(answer.scores[member], expected, rtol=1e-4)
    np.testing.assert_array_equal(answer.sign, absolute.sign)


def test_columns_of_a_category_may_cancel(ask: Ask) -> None:
    data = planted(category=True).dataset()
    ensemble = LinearEnsemble.fit(data, 1)
    answer = ask("integrated_gradients", ensemble, data, rows=data.n_rows, steps=1)
    (model,) = ensemble.models()
    parts = (data.x - data.x[ensemble.plan.splits[0].train].mean(axis=0)) * model.kernel[:, 0]
    expected = np.abs(parts.reshape(data.n_rows, 6, 3).sum(axis=2)).mean(axis=0)
    np.testing.assert_allclose(answer.scores[0], expected, rtol=1e-4)
    assert (answer.sign == 0).all()


def test_what_raises_all_logits_alike_does_not_matter(ask: Ask) -> None:
    data = planted(task="multiclass").dataset()
    ensemble = LinearEnsemble.fit(data)
    kernels = ensemble.kernels.copy()
    kernels[:, 4] += 7.0
    plain = ask("integrated_gradients", ensemble, data)
    raised = ask("integrated_gradients", replace(ensemble, kernels=kernels), data)
    np.testing.assert_allclose(raised.per_class, plain.per_class, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(plain.class_sign[:, [0, 2], 1], [[-1, 1]] * 4)


def test_with_a_sigmoid_per_class_it_does(ask: Ask) -> None:
    data = planted(task="multiclass").dataset()
    ensemble = replace(LinearEnsemble.fit(data), head="sigmoid")
    kernels = ensemble.kernels.copy()
    kernels[:, 4] += 7.0
    plain = ask("integrated_gradients", ensemble, data)
    raised = ask("integrated_gradients", replace(ensemble, kernels=kernels), data)
    assert (raised.per_class[..., 4] > plain.per_class[..., 4] + 3).all()
