"""LinearEnsemble: an ensemble without training."""

from dataclasses import replace

import numpy as np
import pytest

from deepfeat.data.dataset import Task
from deepfeat.testing.linear import LinearEnsemble, LinearEnsembles
from deepfeat.testing.planted import planted

TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")


@pytest.mark.parametrize("task", TASKS)
def test_members_and_ensemble_agree(task: Task) -> None:
    data = planted(task=task).dataset()
    ensemble = LinearEnsemble.fit(data, 3)
    together = ensemble.predict(data.x)
    assert together.shape == (3, data.n_rows, data.n_outputs)
    assert together.dtype == np.float32
    for member in range(3):
        np.testing.assert_allclose(ensemble[member](data.x), together[member], atol=1e-5)


@pytest.mark.parametrize("task", TASKS)
def test_it_learns(task: Task) -> None:
    data = planted(task=task).dataset()
    ensemble = LinearEnsemble.fit(data)
    rows = ensemble.plan.splits[0].held_out
    answers, truth = ensemble.predict(data.x[rows])[0], data.y[rows]
    if task == "regression":
        assert np.corrcoef(answers[:, 0], truth[:, 0])[0, 1] > 0.95
    elif task == "binary":
        assert np.mean((answers > 0.5) == truth) > 0.9
    else:
        np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)
        assert np.mean(answers.argmax(axis=1) == truth.argmax(axis=1)) > 0.6


def test_gradients_are_those_of_the_logits() -> None:
    data = planted(task="multiclass").dataset()
    ensemble = LinearEnsemble.fit(data, 2)
    x = data.x[:5].astype(np.float64)
    for output in range(3):
        slopes = ensemble.gradients(x, output=output)
        assert slopes.shape == (2, 5, data.n_columns)
        for column in range(data.n_columns):
            step = np.eye(data.n_columns)[column]
            rise = ensemble.predict(x + step, "logit") - ensemble.predict(x, "logit")
            np.testing.assert_allclose(slopes[:, :, column], rise[:, :, output], atol=1e-4)


def test_selected_members_are_the_same_members() -> None:
    data = planted().dataset()
    ensemble = LinearEnsemble.fit(data, 4)
    some = ensemble.select([3, 1])
    assert len(some) == 2
    assert some.plan.seeds == (3, 1)
    np.testing.assert_array_equal(some.predict(data.x), ensemble.predict(data.x)[[3, 1]])
    np.testing.assert_array_equal(some.gates, ensemble.gates[[3, 1]])


def test_rows_are_shared_out_without_overlap() -> None:
    data = planted().dataset()
    for split in LinearEnsemble.fit(data).plan.splits:
        rows = np.concatenate([split.train, split.valid, split.held_out])
        np.testing.assert_array_equal(np.sort(rows), np.arange(data.n_rows))


def test_shapes_of_gates_and_first_layer_with_categories() -> None:
    data = planted(category=True).dataset()
    ensemble = LinearEnsemble.fit(data, 2)
    assert ensemble.gates.shape == (2, 6)
    assert ensemble.first_layer.shape == (2, 18, 1)
    assert (ensemble.gates >= 0).all()


def test_a_masked_feature_is_as_good_as_none() -> None:
    data = planted(category=True).dataset()
    ensembles = LinearEnsembles()
    plan = ensembles(data, 2).plan
    mask = plan.mask.copy()
    mask[1, 1] = False
    refitted = ensembles.refit(data, replace(plan, mask=mask))
    assert not refitted.kernels[1][data.column_feature == 1].any()
    assert refitted.kernels[1][data.column_feature != 1].all()
    np.testing.assert_array_equal(refitted.kernels[0], ensembles(data, 2).kernels[0])


def test_members_may_have_targets_of_their_own() -> None:
    data = planted(task="regression").dataset()
    ensemble = LinearEnsemble.fit(data, 2)
    targets = np.stack([data.y, -data.y])
    refitted = LinearEnsemble.refit(data, replace(ensemble.plan, targets=targets))
    np.testing.assert_array_equal(refitted.kernels[0], ensemble.kernels[0])
    np.testing.assert_allclose(refitted.kernels[1], -ensemble.kernels[1], rtol=1e-6, atol=1e-9)


def test_a_penalty_makes_it_a_lasso() -> None:
    from sklearn.linear_model import Lasso  # noqa: PLC0415 - slow to import

    data = planted(task="regression").dataset()
    plan = replace(LinearEnsemble.fit(data, 1).plan.select([0, 0, 0]), penalty=np.array([0.0, 0.5, 50.0]))
    ensemble = LinearEnsemble.refit(data, plan)
    assert ensemble.uses.sum(axis=1).tolist() == [6, 1, 0]
    train = plan.splits[0].train
    z = (data.x[train] - data.x.mean(axis=0)) / data.x.std(axis=0)
    expected = Lasso(alpha=0.5, fit_intercept=False).fit(z, data.y[train, 0] - data.y[train, 0].mean()).coef_
    np.testing.assert_allclose(ensemble.kernels[1, :, 0], expected, atol=0.02)
