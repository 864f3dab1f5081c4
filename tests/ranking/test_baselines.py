"""What the networks are compared with."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from deepfeat.ranking import baselines as module
from deepfeat.ranking.baselines import BASELINES, Part, boosted, constant, forest, linear

pytestmark = pytest.mark.usefixtures("one_thread")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 4)) * [1.0, 100.0, 1.0, 1.0] + [0.0, 1e4, 0.0, 0.0]
SIGNAL = X[:, 0] + (X[:, 1] - 1e4) / 100
TARGETS = {
    "binary": (SIGNAL > 0).astype(float)[:, None],
    "multiclass": np.eye(3)[np.digitize(SIGNAL, [-0.6, 0.6])],
    "multilabel": np.stack([SIGNAL > 0, X[:, 2] > 0], axis=1).astype(float),
    "regression": 5 + 3 * SIGNAL[:, None],
}


@pytest.fixture(autouse=True)
def few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain signal is found by a few trees."""
    monkeypatch.setattr(module, "_TREES", 40)
    monkeypatch.setattr(module, "_BOOSTED", 30)


@pytest.fixture
def one_thread() -> Iterator[None]:
    with threadpool_limits(1, "blas"):
        yield


def part(task: str, *, valid: bool = True) -> Part:
    y = TARGETS[task]
    return Part(X[:200], y[:200], (X[200:250], y[200:250]) if valid else None, X[250:], task, 0)


@pytest.mark.parametrize("task", TARGETS)
@pytest.mark.parametrize("name", BASELINES)
def test_an_answer_per_row_and_output(name: str, task: str) -> None:
    answers = BASELINES[name](part(task))
    assert answers.shape == (50, TARGETS[task].shape[1])
    if task != "regression":
        assert ((answers >= 0) & (answers <= 1)).all()
    if task == "multiclass":
        np.testing.assert_allclose(answers.sum(axis=1), 1)


@pytest.mark.parametrize("predict", [linear, forest, boosted])
@pytest.mark.parametrize("task", TARGETS)
def test_they_find_a_plain_signal(predict: object, task: str) -> None:
    answers, truth = predict(part(task)), TARGETS[task][250:]
    error = np.mean((answers - truth) ** 2)
    by_constant = np.mean((constant(part(task)) - truth) ** 2)
    assert error < 0.5 * by_constant


def test_a_constant_is_the_mean_of_what_was_learnt() -> None:
    answers = constant(part("multiclass"))
    np.testing.assert_allclose(answers, np.tile(TARGETS["multiclass"][:200].mean(axis=0), (50, 1)))


def test_without_validation_rows_the_usual_strength_is_taken() -> None:
    assert linear(part("binary", valid=False)).shape == (50, 1)


def test_a_label_that_never_varies_is_predicted_so() -> None:
    y = np.stack([SIGNAL > 0, np.ones(300)], axis=1).astype(float)
    given = Part(X[:200], y[:200], None, X[250:], "multilabel", 0)
    assert (linear(given)[:, 1] == 1).all()
    assert (forest(given)[:, 1] == 1).all()
    assert (boosted(given)[:, 1] == 1).all()


def test_boosted_trees_of_a_wide_table_get_the_columns_that_tell_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_BOOSTED_COLUMNS", 2)
    # the first two columns are the signal; a constant one tells nothing
    assert module._telling(np.hstack([X, np.ones((300, 1))]), TARGETS["regression"], 2).tolist() == [0, 1]
    narrow = boosted(part("regression"))
    monkeypatch.setattr(module, "_BOOSTED_COLUMNS", 1000)
    own = part("regression")
    chosen = replace(own, x=own.x[:, :2], asked=own.asked[:, :2])
    np.testing.assert_array_equal(narrow, boosted(chosen))


def test_they_repeat() -> None:
    for predict in BASELINES.values():
        assert predict(part("binary")).tobytes() == predict(part("binary")).tobytes()


def test_the_penalty_is_chosen_by_the_validation_rows() -> None:
    # forty columns of noise and fifty rows: the weakest penalty fits them all
    rng = np.random.default_rng(1)
    x = rng.normal(size=(400, 40))
    y = (x[:, :1] + rng.normal(size=(400, 1)) > 0).astype(float)
    chosen = linear(Part(x[:50], y[:50], (x[50:200], y[50:200]), x[200:], "binary", 0))
    usual = linear(Part(x[:50], y[:50], None, x[200:], "binary", 0))

    def loss(p: np.ndarray) -> float:
        return float(-np.mean(np.log(np.where(y[200:] > 0, p, 1 - p))))

    assert loss(chosen) < loss(usual)
