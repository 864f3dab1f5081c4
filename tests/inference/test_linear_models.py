"""Linear models: the figures of statsmodels, and a finite answer where it has none."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import chi2, kstest

from deepfeat.inference import linear_models
from deepfeat.inference.linear_models import (
    independent_columns,
    logistic,
    multinomial,
    one_against_rest,
    ordinary_least_squares,
)

RNG = np.random.default_rng(3)
X = RNG.normal(size=(250, 5))
SIGNAL = X @ np.array([1.0, -0.8, 0.0, 0.5, 0.0])
GROUPS = [np.array([0]), np.array([1, 2]), np.array([3]), np.array([4]), np.array([], dtype=int)]
DESIGN = sm.add_constant(X)


def test_least_squares_are_those_of_statsmodels() -> None:
    y = SIGNAL + RNG.normal(size=250)
    fit, theirs = ordinary_least_squares(X, y, GROUPS), sm.OLS(y, DESIGN).fit()
    np.testing.assert_allclose(fit.coefficients[0], theirs.params[1:])
    np.testing.assert_allclose(fit.std_errors[0], theirs.bse[1:])
    np.testing.assert_allclose(np.stack([fit.ci_low[0], fit.ci_high[0]], axis=1), theirs.conf_int()[1:])
    np.testing.assert_allclose(fit.group_p[[0, 2, 3]], theirs.pvalues[[1, 4, 5]])
    assert fit.group_p[1] == pytest.approx(float(theirs.f_test("x2 = 0, x3 = 0").pvalue))
    assert np.isnan(fit.group_p[4])


def test_logistic_regression_is_that_of_statsmodels() -> None:
    y = (RNG.uniform(size=250) < 1 / (1 + np.exp(-SIGNAL))).astype(float)
    fit, theirs = logistic(X, y, GROUPS), sm.Logit(y, DESIGN).fit(disp=0)
    assert fit.model == "logistic regression"
    np.testing.assert_allclose(fit.coefficients[0], theirs.params[1:], rtol=1e-6)
    np.testing.assert_allclose(fit.p_values[0], theirs.pvalues[1:], rtol=1e-5)


def test_separated_classes_get_a_finite_estimate() -> None:
    fit = logistic(X, (X[:, 0] > 0).astype(float), GROUPS)
    assert "Firth" in fit.model
    assert np.all(np.isfinite(fit.coefficients))
    assert np.all(np.isfinite(fit.ci_high - fit.ci_low))
    assert fit.coefficients[0, 0] > 5
    assert fit.group_p[0] < 1e-6
    assert fit.group_p[3] > 0.05


def test_intervals_of_separated_classes_say_the_same_as_their_tests() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(60, 6))
    y = (x[:, 0] + 0.5 * x[:, 1] > 0).astype(float)
    fit = logistic(x, y, [np.array([column]) for column in range(6)])
    assert "Firth" in fit.model
    reject = (fit.ci_low > 0) | (fit.ci_high < 0)
    np.testing.assert_array_equal(reject[0], fit.group_p < 0.05)
    # not symmetric, as those of Wald would be
    assert fit.ci_high[0, 0] - fit.coefficients[0, 0] > 1.2 * (fit.coefficients[0, 0] - fit.ci_low[0, 0])


def test_many_columns_get_the_intervals_of_wald(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear_models, "MOST_PROFILED", 3)
    fit = logistic(X, (X[:, 0] > 0).astype(float), GROUPS)
    assert fit.model.endswith("with Wald intervals")
    np.testing.assert_allclose(fit.ci_high - fit.coefficients, fit.coefficients - fit.ci_low)


def test_the_multinomial_model_tests_by_likelihood_ratio() -> None:
    logits = np.stack([np.zeros(250), SIGNAL, -SIGNAL], axis=1)
    y = (logits + RNG.gumbel(size=logits.shape)).argmax(axis=1)
    fit = multinomial(X, y, GROUPS)
    whole = sm.MNLogit(y, DESIGN).fit(disp=0)
    without = sm.MNLogit(y, np.delete(DESIGN, 1, axis=1)).fit(disp=0)
    assert fit.coefficients.shape == (2, 5)
    assert fit.group_p[0] == pytest.approx(chi2.sf(2 * (whole.llf - without.llf), 2), rel=1e-4)
    np.testing.assert_allclose(fit.coefficients, whole.params[1:].T, rtol=1e-4, atol=1e-6)


def test_separated_classes_of_several_are_fitted_one_against_the_rest() -> None:
    y = np.digitize(X[:, 0], [-0.5, 0.5])
    fit = multinomial(X, y, GROUPS)
    assert "one outcome at a time" in fit.model
    assert fit.coefficients.shape == (3, 5)
    assert fit.group_p[0] < 1e-6


def test_several_outcomes_pay_for_their_number() -> None:
    outcomes = [(RNG.uniform(size=250) < 0.5).astype(float) for _ in range(3)]
    joint = one_against_rest(outcomes, X, GROUPS)
    single = [logistic(X, y, GROUPS).group_p[0] for y in outcomes]
    assert joint.group_p[0] == pytest.approx(min(1, 3 * min(single)))
    assert joint.maxima == 1


def test_combinations_of_earlier_columns_are_left_out() -> None:
    table = np.column_stack([X[:, 0], np.ones(250), X[:, 1], 2 * X[:, 0] - X[:, 1] + 3, X[:, 2]])
    np.testing.assert_array_equal(independent_columns(table), [0, 2, 4])


def test_the_order_of_the_columns_does_not_matter() -> None:
    y = (RNG.uniform(size=250) < 1 / (1 + np.exp(-SIGNAL))).astype(float)
    order = np.array([3, 0, 4, 2, 1])
    fit = logistic(X, y, [np.array([j]) for j in range(5)])
    moved = logistic(X[:, order], y, [np.array([j]) for j in range(5)])
    np.testing.assert_allclose(moved.group_p, fit.group_p[order], rtol=1e-6)


def test_p_values_of_features_without_effect_are_uniform() -> None:
    """500 p-values of pure noise; the Kolmogorov-Smirnov test errs once in a thousand seeds."""
    rng = np.random.default_rng(11)
    singles = [np.array([j]) for j in range(5)]
    p = [
        logistic(rng.normal(size=(200, 5)), rng.integers(2, size=200).astype(float), singles).group_p
        for _ in range(100)
    ]
    assert kstest(np.concatenate(p), "uniform").pvalue > 1e-3
