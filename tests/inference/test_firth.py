"""Firth's logistic regression: the figures of logistf, and the highest of several maxima."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from firthmodels import FirthLogisticRegression
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import chi2

from deepfeat.inference import firth
from deepfeat.inference.firth import FirthFit, firth_logistic

Floats = NDArray[np.float64]

TABLE = pd.read_csv(Path(__file__).parents[2] / "Data" / "breast_cancer.csv")

# 79 patients with cancer of the endometrium (Heinze & Schemper 2002): NV separates, PI, EH, and the grade HG
GRADES = """
    0 13 1.64 0  0 16 2.26 0  0 8 3.14 0   0 34 2.68 0  0 20 1.28 0  0 5 2.31 0   0 17 1.8 0   0 10 1.68 0
    0 26 1.56 0  0 17 2.31 0  0 8 2.01 0   0 7 1.89 0   0 20 3.15 0  0 10 1.23 0  0 18 1.27 0  0 16 1.76 0
    0 18 2 0     0 8 2.64 1   0 29 0.88 1  0 12 1.27 1  0 20 1.37 1  1 38 0.97 1  1 22 1.14 1  1 7 0.88 1
    1 25 0.91 1  1 15 0.58 1  0 7 0.97 1   0 28 1.5 0   0 11 1.33 0  0 19 2.37 0  0 10 1.82 0  0 10 3.13 0
    0 18 1.31 0  0 14 1.92 0  0 21 1.64 0  0 11 2.01 0  0 17 1.88 0  0 25 1.93 0  0 16 2.11 0  0 19 1.29 0
    0 15 1.72 0  0 33 0.75 0  0 24 1.92 0  0 48 1.84 1  0 12 1.11 1  0 19 1.61 1  0 2 1.18 1   1 22 1.44 1
    1 40 1.18 1  1 5 0.93 1   1 0 1.17 1   0 21 1.19 1  0 15 1.06 1  0 29 2.02 0  0 15 2.29 0  0 12 2.33 0
    0 3 2.9 0    0 20 1.7 0   0 23 1.41 0  0 12 2.25 0  0 22 1.54 0  0 42 1.97 0  0 15 1.75 0  0 13 2.16 0
    0 14 2.57 0  0 19 1.37 0  0 12 3.61 0  0 13 2.04 0  0 10 2.17 0  0 12 1.69 1  1 49 0.27 1  0 6 1.84 1
    0 5 1.3 1    0 17 0.96 1  1 11 1.01 1  1 21 0.98 1  0 5 0.35 1   1 19 1.02 1  0 33 0.85 1
    """
ENDOMETRIAL = np.array(GRADES.split(), dtype=np.float64).reshape(-1, 4)


def standardised(x: Floats) -> Floats:
    return (x - x.mean(axis=0)) / x.std(axis=0)


def each(k: int) -> list[NDArray[np.int64]]:
    return [np.array([column]) for column in range(k)]


def cancer(every: int, columns: list[str]) -> tuple[Floats, Floats]:
    rows = TABLE.iloc[::every]
    return standardised(rows[columns].to_numpy()), (rows["diagnosis"] == "malignant").to_numpy(float)


# 57 rows and two columns that say nearly the same: Newton's steps from zero end 0.2 below the other maximum
TWO_MAXIMA = cancer(10, ["mean perimeter", "mean area"])


def height(x: Floats, y: Floats, beta: Floats) -> float:
    """The penalised log likelihood as it is defined, the intercept first."""
    table = np.column_stack([np.ones(len(x)), x])
    eta = table @ beta
    weight = np.exp(-np.logaddexp(0, eta) - np.logaddexp(0, -eta))
    information = np.linalg.slogdet((table.T * weight) @ table)[1]
    return float((y * eta - np.logaddexp(0, eta)).sum() + information / 2)


def highest(x: Floats, y: Floats, held: dict[int, float]) -> float:
    """The highest of what a general optimiser finds from a grid, some coefficients held."""
    free = [j for j in range(1 + x.shape[1]) if j not in held]

    def lost(values: Floats) -> float:
        beta = np.zeros(1 + x.shape[1])
        beta[free], beta[list(held)] = values, list(held.values())
        return -height(x, y, beta)

    grid = np.stack(np.meshgrid(*[[-10.0, 0.0, 10.0]] * len(free)), axis=-1).reshape(-1, len(free))
    # what is far out has no slope: simplices of Nelder & Mead need none
    return -min(minimize(lost, start, method="Nelder-Mead", tol=1e-6).fun for start in grid)


@pytest.fixture(scope="module")
def two() -> FirthFit:
    return firth_logistic(*TWO_MAXIMA, each(2), profiled=True)


def test_two_by_two_is_half_a_count_more_in_each_cell() -> None:
    x, y = np.repeat([0.0, 1.0], 10)[:, None], np.repeat([0.0, 1.0, 0.0, 1.0], [10, 0, 3, 7])
    fit = firth_logistic(x, y, each(1), profiled=False)
    assert fit.coefficients[0] == pytest.approx(np.log(7.5 / 3.5) - np.log(0.5 / 10.5), rel=1e-4)
    assert fit.maxima == 1
    assert np.isnan(fit.ci_low).all()


def test_coefficients_and_intervals_are_those_of_logistf() -> None:
    x, y = ENDOMETRIAL[:, :3], ENDOMETRIAL[:, 3]
    fit = firth_logistic(standardised(x), y, each(3), profiled=True)
    scale = x.std(axis=0)
    np.testing.assert_allclose(fit.coefficients / scale, [2.92927330, -0.03475175, -2.60416387], rtol=1e-4)
    np.testing.assert_allclose(fit.ci_low / scale, [0.6097244, -0.1244587, -4.3651832], rtol=1e-3)
    np.testing.assert_allclose(fit.ci_high / scale, [7.85463171, 0.04045547, -1.23272106], rtol=1e-3)
    assert fit.maxima == 1


def test_one_maximum_gives_the_figures_of_firthmodels() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(60, 4))
    y = (x[:, 0] + 0.5 * x[:, 1] > 0).astype(float)
    fit = firth_logistic(x, y, each(4), profiled=True)
    theirs = FirthLogisticRegression(backend="numpy", max_iter=200, gtol=1e-7, xtol=1e-7).fit(x, y).lrt()
    np.testing.assert_allclose(fit.coefficients, theirs.coef_, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(fit.std_errors, theirs.bse_[:4], rtol=1e-3)
    np.testing.assert_allclose(fit.p_values, theirs.lrt_pvalues_[:4], rtol=1e-3)
    ends = theirs.conf_int(method="pl", features=list(range(4)), max_iter=200)[:4]
    np.testing.assert_allclose(np.stack([fit.ci_low, fit.ci_high], axis=1), ends, rtol=1e-2, atol=1e-2)
    assert fit.loglik == pytest.approx(theirs.loglik_, abs=1e-6)


def test_of_two_maxima_it_is_the_higher(two: FirthFit) -> None:
    x, y = TWO_MAXIMA
    assert two.maxima == 2
    assert two.loglik == pytest.approx(highest(x, y, {}), abs=1e-4)
    # where Newton's steps from zero end
    assert FirthLogisticRegression(backend="numpy", max_iter=200).fit(x, y).loglik_ < two.loglik - 0.2


def test_no_restricted_maximum_is_higher(two: FirthFit) -> None:
    x, y = TWO_MAXIMA
    np.testing.assert_allclose(two.constrained, [highest(x, y, {1: 0.0}), highest(x, y, {2: 0.0})], atol=1e-4)
    assert np.all(two.constrained < two.loglik)
    np.testing.assert_allclose(two.p_values, chi2.sf(2 * (two.loglik - two.constrained), 1))


def test_ends_are_where_a_test_begins_to_reject(two: FirthFit) -> None:
    x, y = TWO_MAXIMA
    floor = two.loglik - chi2.ppf(0.95, 1) / 2
    for column in (0, 1):
        for end in (two.ci_low[column], two.ci_high[column]):
            assert highest(x, y, {1 + column: end}) == pytest.approx(floor, abs=1e-3)


def test_a_restricted_maximum_that_is_higher_starts_the_search_again(
    two: FirthFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firth, "STARTS", 0)
    fit = firth_logistic(*TWO_MAXIMA, each(2), profiled=True)
    assert fit.maxima == 2
    for name in ("coefficients", "p_values", "ci_low", "ci_high"):
        np.testing.assert_allclose(getattr(fit, name), getattr(two, name), rtol=1e-3)


def test_the_same_table_has_the_same_answer(two: FirthFit) -> None:
    again = firth_logistic(*TWO_MAXIMA, each(2), profiled=True)
    np.testing.assert_array_equal(again.coefficients, two.coefficients)
    np.testing.assert_array_equal(again.ci_low, two.ci_low)


def test_units_do_not_matter_to_a_test_of_several_columns() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(80, 4))
    y = (x[:, 0] > 0).astype(float)
    joint = [np.array([1, 2]), np.array([0, 3])]
    p_value = firth_logistic(x, y, joint, profiled=False).p_values
    assert p_value[0] > 0.05
    assert p_value[1] < 1e-6
    other = firth_logistic(x * [1.0, 0.5, 2.0, 1.0], y, joint, profiled=False).p_values
    np.testing.assert_allclose(other, p_value, rtol=1e-4)


def test_columns_that_depend_on_each_other_are_refused() -> None:
    x = np.arange(20.0)[:, None] / 10 - 1
    with pytest.raises(np.linalg.LinAlgError, match="full rank"):
        firth_logistic(np.hstack([x, np.ones_like(x)]), (x[:, 0] > 0).astype(float), each(2), profiled=False)


@pytest.mark.slow
def test_all_columns_of_breast_cancer_refer_to_one_maximum() -> None:
    """Of 300 other starts none led higher, and a tenth of them here; from zero it would be -27.404."""
    x, y = cancer(1, TABLE.columns[:-1].tolist())
    fit = firth_logistic(x, y, each(30), profiled=True)
    assert fit.loglik == pytest.approx(-24.922, abs=1e-3)
    assert fit.maxima > 2
    assert np.all(fit.constrained <= fit.loglik)
    assert np.all(np.isfinite(fit.p_values))
    assert np.all(fit.p_values < 0.96)
    excluded = (fit.ci_low > 0) | (fit.ci_high < 0)
    np.testing.assert_array_equal(excluded, fit.p_values < 0.05)
    assert TABLE.columns[:-1][excluded].tolist() == ["radius error"]
    area_error = TABLE.columns.get_loc("area error")
    assert fit.p_values[area_error] == pytest.approx(0.249, abs=0.002)


def test_a_maximum_just_above_a_known_one_takes_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """As far apart as these two may be, they count as one here; the search must still end at the higher."""
    x, y = TWO_MAXIMA
    every = firth_logistic(x, y, each(2), profiled=False)
    monkeypatch.setattr(firth, "APART", 1.0)
    monkeypatch.setattr(firth, "STARTS", 0)
    found = firth_logistic(x, y, each(2), profiled=False)
    assert found.maxima == 1
    np.testing.assert_allclose(found.loglik, every.loglik)
