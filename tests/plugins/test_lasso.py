"""lasso: the coefficients that a cross-validated L1 penalty leaves."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from deepfeat.methods import Importance, MethodError
from deepfeat.testing.families import PROBLEMS
from deepfeat.testing.linear import LinearEnsemble
from deepfeat.testing.planted import planted

Ask = Callable[..., Importance]


@pytest.fixture(scope="module")
def linear() -> tuple[LinearEnsemble, np.ndarray]:
    """A regression with coefficients 3, -1 and nothing else, in units of the inputs' deviations."""
    rng = np.random.default_rng(0)
    data = planted(task="regression", rows=600).dataset()
    scales = np.array([1, 100, 0.01, 1, 1, 1])
    y = 3 * data.x[:, 0] - data.x[:, 1] + 0.1 * rng.normal(size=600)
    made = replace(data, x=(data.x * scales).astype(np.float32), y=y[:, None].astype(np.float32))
    return LinearEnsemble.fit(made, 3), y


def test_known_coefficients(linear: tuple[LinearEnsemble, np.ndarray], ask: Ask) -> None:
    ensemble, y = linear
    answer = ask("lasso", ensemble, ensemble.data)
    expected = np.array([3, 1, 0, 0, 0, 0]) / y.std()
    np.testing.assert_allclose(answer.scores, np.tile(expected, (3, 1)), atol=0.06)
    np.testing.assert_array_equal(answer.sign[:, :2], [[1, -1]] * 3)


def test_squares_are_on_the_scale_of_variances(linear: tuple[LinearEnsemble, np.ndarray], ask: Ask) -> None:
    ensemble, _ = linear
    sizes = ask("lasso", ensemble, ensemble.data)
    squares = ask("lasso", ensemble, ensemble.data, measure="squared")
    np.testing.assert_allclose(squares.scores, np.square(sizes.scores))
    np.testing.assert_array_equal(squares.sign, sizes.sign)


def test_noise_gets_exact_zeros_for_labels_too(ask: Ask) -> None:
    problem = PROBLEMS["additive"](600, 12, 0)
    data = problem.dataset()
    answer = ask("lasso", LinearEnsemble.fit(data, 3), data)
    noise = np.delete(answer.scores, problem.relevant, axis=1)
    assert (noise == 0).any(axis=1).all()
    relevant = answer.scores[:, problem.relevant]
    assert relevant.min() > 3 * noise.max()
    np.testing.assert_array_equal(answer.sign[:, problem.relevant], [[1, -1, 1, -1]] * 3)


def test_three_classes_have_coefficients_each(ask: Ask) -> None:
    data = planted(task="multiclass").dataset()
    answer = ask("lasso", LinearEnsemble.fit(data, 2), data, splits=1)
    assert answer.per_class.shape == (1, 3, 6)
    assert answer.scores.argmax() == 1
    # The lowest third speaks against the feature, the highest for it.
    assert answer.class_sign[0, :, 1].tolist() in ([-1, 0, 1], [-1, 1, 1], [-1, -1, 1])
    assert answer.notes == ("Fitted on the splits of the first 1 of 2 networks.",)


def test_probabilities_of_several_classes_are_as_frequent_as_the_classes(ask: Ask) -> None:
    """Each class has a line of its own against the others: together they must still be probabilities."""
    problem = PROBLEMS["gene_expression"](300, 400, 0)
    data = problem.dataset()
    answer = ask("lasso", LinearEnsemble.fit(data, 1), data)
    known = np.isfinite(answer.predictions).all(axis=1)
    np.testing.assert_allclose(answer.predictions[known].sum(axis=1), 1)
    assert roc_auc_score(data.y[known], answer.predictions[known]) > 0.8
    shares = data.y[known].mean(axis=0)
    np.testing.assert_allclose(answer.predictions[known].mean(axis=0), shares, atol=0.05)
    strongest = np.argsort(-answer.scores.mean(axis=0))[: len(problem.relevant)]
    assert len(np.intersect1d(strongest, problem.relevant)) >= 7


@pytest.mark.parametrize("name", ["lasso", "ridge"])
def test_a_rare_class_is_learned_with_fewer_folds(name: str, ask: Ask) -> None:
    """Of two training rows of a class five folds cannot be made, and of one none."""
    data = planted(rows=300).dataset()
    ensemble = LinearEnsemble.fit(data, 1)
    train = ensemble.plan.splits[0].train
    for rare, works in ((2, True), (1, False)):
        y = np.zeros_like(data.y)
        y[train[np.argsort(-data.x[train, 1])[:rare]]] = 1
        few = replace(data, y=y)
        if works:
            assert ask(name, ensemble, few).scores.argmax() == 1
        else:
            with pytest.raises(MethodError, match="too few training rows"):
                ask(name, ensemble, few)


def test_columns_that_tell_nothing_get_nothing(ask: Ask) -> None:
    data = planted().dataset()
    constant = replace(data, x=np.ones_like(data.x))
    answer = ask("lasso", LinearEnsemble.fit(data, 1), constant)
    assert (answer.scores == 0).all()
    known = np.isfinite(answer.predictions).all(axis=1)
    np.testing.assert_allclose(answer.predictions[known], data.y.mean(), atol=0.1)


def test_rows_that_a_network_has_not_learned_from_change_nothing(ask: Ask) -> None:
    data = planted().dataset()
    ensemble = LinearEnsemble.fit(data, 1)
    unseen = np.setdiff1d(np.arange(data.n_rows), ensemble.plan.splits[0].train)
    x, y = data.x.copy(), data.y.copy()
    x[unseen], y[unseen] = x[unseen][::-1] * 3, 1 - y[unseen]
    before = ask("lasso", ensemble, data)
    assert before.equals(ask("lasso", ensemble, replace(data, y=y)))
    after = ask("lasso", ensemble, replace(data, x=x, y=y))
    np.testing.assert_array_equal(before.scores, after.scores)
    np.testing.assert_array_equal(before.sign, after.sign)


def test_it_is_blind_to_even_effects(ask: Ask) -> None:
    problem = PROBLEMS["orange_skin"](1000, 10, 0)
    data = problem.dataset()
    scores = ask("lasso", LinearEnsemble.fit(data, 2), data).scores
    assert scores.max() < 0.2


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
@pytest.mark.parametrize("name", ["lasso", "ridge"])
def test_it_tells_what_it_answers_for_rows_it_has_not_learned_from(name: str, task: str, ask: Ask) -> None:
    ensemble = LinearEnsemble.fit(planted(task=task).dataset(), 2)
    data = ensemble.data
    answered = ask(name, ensemble, data, splits=2).predictions
    assert answered is not None
    known = np.isfinite(answered).all(axis=1)
    first, second = (np.union1d(split.valid, split.held_out) for split in ensemble.plan.splits)
    assert np.flatnonzero(known).tolist() == np.union1d(first, second).tolist()
    if task != "regression":
        assert np.all((answered[known] >= 0) & (answered[known] <= 1))
    if task == "multiclass":
        np.testing.assert_allclose(answered[known].sum(axis=1), 1)
    truth = data.y[known].astype(np.float64)
    lost = np.mean((answered[known] - truth) ** 2)
    assert lost < 0.7 * np.mean((truth.mean(axis=0) - truth) ** 2)
