"""Linear models: the figures of statsmodels, and a finite answer where it has none."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import chi2, kstest, t

from deepfeat.inference import linear_models
from deepfeat.inference.linear_models import (
    enough_units,
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


UNITS = np.arange(250) % 60
CLUSTER = {"cov_type": "cluster", "cov_kwds": {"groups": UNITS}, "use_t": True}


def test_least_squares_of_groups_are_those_of_statsmodels() -> None:
    y = SIGNAL + RNG.normal(size=60)[UNITS] + RNG.normal(size=250)
    fit, theirs = ordinary_least_squares(X, y, GROUPS, UNITS), sm.OLS(y, DESIGN).fit(**CLUSTER)
    np.testing.assert_allclose(fit.std_errors[0], theirs.bse[1:])
    np.testing.assert_allclose(np.stack([fit.ci_low[0], fit.ci_high[0]], axis=1), theirs.conf_int()[1:])
    np.testing.assert_allclose(fit.group_p[[0, 2, 3]], theirs.pvalues[[1, 4, 5]])
    assert fit.group_p[1] == pytest.approx(float(theirs.f_test("x2 = 0, x3 = 0").pvalue))
    # t with as many degrees of freedom as there are groups but one
    np.testing.assert_allclose(fit.p_values[0], 2 * t.sf(np.abs(theirs.tvalues[1:]), 59))
    assert not np.allclose(fit.std_errors, ordinary_least_squares(X, y, GROUPS).std_errors, rtol=1e-3)


def test_logistic_regression_of_groups_is_that_of_statsmodels() -> None:
    y = (RNG.uniform(size=250) < 1 / (1 + np.exp(-SIGNAL - RNG.normal(size=60)[UNITS]))).astype(float)
    fit, theirs = logistic(X, y, GROUPS, UNITS), sm.Logit(y, DESIGN).fit(disp=0, **CLUSTER)
    np.testing.assert_allclose(fit.std_errors[0], theirs.bse[1:], rtol=1e-5)
    np.testing.assert_allclose(fit.p_values[0], 2 * t.sf(np.abs(theirs.tvalues[1:]), 59), rtol=1e-5)
    joint = theirs.wald_test("x2 = 0, x3 = 0", use_f=True, scalar=True)
    assert fit.group_p[1] == pytest.approx(float(joint.pvalue), rel=1e-5)


def test_one_unit_per_row_is_no_less_than_what_rows_say() -> None:
    """Groups of one row: the robust errors of White, near those of a model that is right."""
    y = SIGNAL + RNG.normal(size=250)
    alone, robust = ordinary_least_squares(X, y, GROUPS), ordinary_least_squares(X, y, GROUPS, np.arange(250))
    np.testing.assert_allclose(robust.std_errors, alone.std_errors, rtol=0.2)


def test_models_without_a_test_for_groups_give_estimates_alone() -> None:
    separated = (X[:, 0] > 0).astype(float)
    classes = (np.stack([np.zeros(250), SIGNAL, -SIGNAL], axis=1) + RNG.gumbel(size=(250, 3))).argmax(axis=1)
    noise = (RNG.uniform(size=250) < 0.5).astype(float)
    for fit, rows in (
        (logistic(X, separated, GROUPS, UNITS), logistic(X, separated, GROUPS)),
        (multinomial(X, classes, GROUPS, UNITS), multinomial(X, classes, GROUPS)),
        (
            one_against_rest([noise, separated], X, GROUPS, UNITS),
            one_against_rest([noise, separated], X, GROUPS),
        ),
    ):
        assert rows.tested
        assert not fit.tested
        np.testing.assert_allclose(fit.coefficients, rows.coefficients, rtol=1e-12)
        for name in ("std_errors", "ci_low", "ci_high", "p_values", "group_p"):
            assert np.isnan(getattr(fit, name)).all()
    both = one_against_rest([noise, 1 - noise], X, GROUPS, UNITS)
    assert both.group_p[0] == pytest.approx(min(1, 2 * logistic(X, noise, GROUPS, UNITS).group_p[0]))


def test_a_feature_that_is_constant_within_groups_is_found_as_often_as_stated() -> None:
    """60 groups of 5 rows that share half of their noise, three features of the group, none relevant.

    6 % to 7 % of 1200 p-values are expected below 0.05; three standard errors are 2 %, so that it errs once
    in some hundred seeds. Without groups it is more than 20 %.
    """
    rng = np.random.default_rng(12)
    units, singles = np.repeat(np.arange(60), 5), [np.array([j]) for j in range(3)]
    robust, rows = [], []
    for _ in range(400):
        x = rng.normal(size=(60, 3))[units]
        y = rng.normal(size=60)[units] + rng.normal(size=300)
        robust.append(ordinary_least_squares(x, y, singles, units).group_p)
        rows.append(ordinary_least_squares(x, y, singles).group_p)
    assert 0.03 < np.mean(np.array(robust) < 0.05) < 0.09
    assert np.mean(np.array(rows) < 0.05) > 0.2


def test_enough_groups_are_fifty_and_twenty_for_each_column() -> None:
    enough = [enough_units(np.arange(n), k) for n, k in ((49, 1), (50, 2), (59, 3), (60, 3))]
    assert enough == [False, True, False, True]


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
