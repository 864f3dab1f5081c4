"""Penalised linear models: the signal is found, wide tables are as narrow ones, and nothing is made up."""

import numpy as np
import pytest
from scipy.special import expit

from deepfeat.data.splits import folds
from deepfeat.inference import penalised
from deepfeat.inference.penalised import (
    OF_LABELS,
    OF_VALUES,
    Folds,
    Lines,
    Penalty,
    lasso_of_labels,
    ridge,
    ridge_of_labels,
)

PENALTIES: list[Penalty] = ["lasso", "ridge"]


def parts(strata: np.ndarray) -> Folds:
    number = folds(strata, 5, np.random.default_rng(5), None)
    return [(np.flatnonzero(number != fold), np.flatnonzero(number == fold)) for fold in range(5)]


def standardised(seed: int, rows: int, columns: int) -> np.ndarray:
    x = np.random.default_rng(seed).normal(size=(rows, columns))
    return (x - x.mean(axis=0)) / x.std(axis=0)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("columns", [10, 100])
def test_the_signal_is_found_in_narrow_and_in_wide_tables(penalty: Penalty, columns: int) -> None:
    rng = np.random.default_rng(1)
    x = standardised(0, 60, columns)
    y = 0.9 * x[:, 7] + 0.1 * rng.normal(size=60)
    label = (y > 0).astype(int)
    of_values = OF_VALUES[penalty](x, y, parts(np.zeros(60, dtype=int)))
    of_labels = OF_LABELS[penalty](x, label, parts(label), rng)
    for lines in (of_values, of_labels):
        assert lines.coefficients.shape == (1, columns)
        assert np.abs(lines.coefficients[0]).argmax() == 7
        assert lines.coefficients[0, 7] > 0


@pytest.mark.parametrize("penalty", PENALTIES)
def test_every_class_has_a_line_and_what_it_answers_is_its_probability(penalty: Penalty) -> None:
    x = standardised(2, 300, 6)
    label = np.where(x[:, 0] > 0.5, 2, np.where(x[:, 1] > 0.0, 1, 0))
    lines = OF_LABELS[penalty](x, label, parts(label), np.random.default_rng(0))
    assert lines.coefficients.shape == (3, 6)
    assert np.abs(lines.coefficients).sum(axis=0).argsort()[-2:].tolist() in ([0, 1], [1, 0])
    given = x @ lines.coefficients.T + lines.intercepts
    assert (given.argmax(axis=1) == label).mean() > 0.9
    assert lines.against_rest == (penalty == "lasso")
    if lines.against_rest:
        # an unpenalised intercept would meet the share of each class; this one nearly does
        np.testing.assert_allclose(expit(given).mean(axis=0), np.bincount(label) / 300, atol=0.02)


@pytest.mark.parametrize("penalty_of", ["values", "labels"])
def test_that_a_wide_table_is_turned_does_not_change_its_ridge(
    penalty_of: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, rng = standardised(3, 40, 90), np.random.default_rng(4)
    y = x[:, 0] + rng.normal(size=40)
    label = (y > 0).astype(int)

    def fitted() -> Lines:
        if penalty_of == "values":
            return ridge(x, y, parts(np.zeros(40, dtype=int)))
        return ridge_of_labels(x, label, parts(label), rng)

    turned = fitted()
    monkeypatch.setattr(penalised, "_narrow", lambda x: (x, np.eye(x.shape[1])))
    np.testing.assert_allclose(turned.coefficients, fitted().coefficients, rtol=1e-4, atol=1e-8)


def test_without_inputs_the_lasso_answers_with_the_shares() -> None:
    label = np.repeat([0, 1, 2], [10, 30, 60])
    lines = lasso_of_labels(np.zeros((100, 4)), label, parts(label), np.random.default_rng(0))
    np.testing.assert_array_equal(lines.coefficients, 0)
    np.testing.assert_allclose(expit(lines.intercepts), [0.1, 0.3, 0.6])
