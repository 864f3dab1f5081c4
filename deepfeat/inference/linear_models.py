"""Generalised linear models: coefficients with standard errors, intervals and p-values, by statsmodels.

The yardstick beside the network: what a classical analysis of the same table says. Where maximum likelihood
has no finite answer because the columns separate the classes, Firth's penalised likelihood takes its place
(`firth`). With more columns than rows there are only penalised estimates (`penalised`), without p-values.

Rows that belong together in groups are not independent. Standard errors are then those of Liang & Zeger 1986,
"Longitudinal data analysis using generalized linear models", Biometrika 73(1), with the small-sample
corrections of statsmodels (Cameron & Miller 2015, Journal of Human Resources 50(2)). Likelihood ratio tests
and Firth's have no such form: those models then give coefficients alone.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepfeat.inference.firth import firth_logistic

Floats = NDArray[np.float64]
Units = NDArray[np.int64]
"""(rows,) codes of rows that are not independent of each other."""
Groups = Sequence[NDArray[np.int64]]
"""For each feature the columns of the design that belong to it; none for a feature that adds nothing."""

LARGEST_ERROR, LARGEST_COEFFICIENT = 1e3, 15.0
"""Of a standardised column in a logistic model; beyond them the likelihood has no maximum in earnest."""
LEVEL = 0.05
ITERATIONS = 200
MOST_PROFILED = 100
LEAST_UNITS, UNITS_PER_COLUMN = 50, 20
"""Groups of rows that robust standard errors need. Of irrelevant columns that are constant within groups,
where rows of a group share half of their noise, p < 0.05 was measured for 14 % at 30 groups and 10 columns,
7 % at 50 and 2, 6 % at 200 and 10; for a point more where groups have 1 to 19 rows than where all have 10."""


@dataclass(frozen=True, eq=False)
class LinearFit:
    """A fitted model of k columns and one linear predictor per outcome.

    Attributes:
        model: what was fitted, in words.
        coefficients: (outcomes, k) of the columns as they were given; the intercept is left out.
        std_errors: (outcomes, k).
        ci_low: (outcomes, k) lower end of the 95 % interval.
        ci_high: (outcomes, k) upper end of it.
        p_values: (outcomes, k) of each coefficient being zero.
        group_p: (groups,) of all coefficients of a feature being zero; NaN for one without columns.
        maxima: how many maxima of the likelihood were met, at most in one outcome; all is of the highest.
        profiled: whether intervals hold the values that a test of Firth's likelihood does not reject.
        tested: whether there are standard errors, intervals and p-values; all are NaN where not.
    """

    model: str
    coefficients: Floats
    std_errors: Floats
    ci_low: Floats
    ci_high: Floats
    p_values: Floats
    group_p: Floats
    maxima: int = 1
    profiled: bool = False
    tested: bool = True

    def without_tests(self) -> "LinearFit":
        """The coefficients alone."""
        nothing = np.full_like(self.coefficients, np.nan)
        return replace(
            self,
            std_errors=nothing,
            ci_low=nothing,
            ci_high=nothing,
            p_values=nothing,
            group_p=np.full_like(self.group_p, np.nan),
            profiled=False,
            tested=False,
        )


def enough_units(units: Units, columns: int) -> bool:
    """Whether there are enough groups of rows for robust tests of a model.

    Args:
        units: the group of each row.
        columns: of the model.
    """
    return len(np.unique(units)) >= max(LEAST_UNITS, UNITS_PER_COLUMN * columns)


def independent_columns(x: Floats) -> NDArray[np.int64]:
    """The columns that are no combination of an intercept and those before them.

    Args:
        x: (rows, k).
    """
    table = np.column_stack([np.ones(len(x)), x])
    norms = np.linalg.norm(table, axis=0)
    diagonal = np.abs(np.diag(np.linalg.qr(table / np.where(norms > 0, norms, 1), mode="r")))
    kept: NDArray[np.int64] = np.flatnonzero(diagonal[1:] > 1e-7).astype(np.int64)  # noqa: PLR2004 - as R does
    return kept


def ordinary_least_squares(x: Floats, y: Floats, groups: Groups, units: Units | None = None) -> LinearFit:
    """Linear regression with t and F tests.

    Args:
        x: (rows, k) columns of full rank, fewer than rows - 1.
        y: (rows,) values.
        groups: columns of each feature.
        units: the group of each row, where rows belong together.
    """
    from statsmodels.api import OLS  # noqa: PLC0415 - takes a second to import

    fitted = OLS(y, _with_intercept(x)).fit(**_robust(units))
    joint = [
        float(fitted.f_test(_selector(columns, x.shape[1])).pvalue) if len(columns) > 1 else np.nan
        for columns in groups
    ]
    return _fit_of("ordinary least squares", fitted, groups, joint)


def logistic(x: Floats, y: Floats, groups: Groups, units: Units | None = None) -> LinearFit:
    """Logistic regression with Wald tests, or with Firth's penalty where the classes are separated.

    Args:
        x: (rows, k) standardised columns of full rank.
        y: (rows,) 0 or 1.
        groups: columns of each feature.
        units: the group of each row, where rows belong together; tests are then t and F tests, and Firth's
            model has none.
    """
    from statsmodels.api import Logit  # noqa: PLC0415 - as above

    model = Logit(y, _with_intercept(x))
    fitted = _maximum_likelihood(model)
    if fitted is None:
        fit = _firth(x, y, groups)
        return fit if units is None else fit.without_tests()
    if units is not None:
        # whether classes are separated is told by the errors of the model, which these are not
        fitted = model.fit(disp=0, method="newton", start_params=fitted.params, **_robust(units))
    joint = [
        float(fitted.wald_test(_selector(columns, x.shape[1]), scalar=True).pvalue)
        if len(columns) > 1
        else np.nan
        for columns in groups
    ]
    return _fit_of("logistic regression", fitted, groups, joint)


def multinomial(x: Floats, y: NDArray[np.int64], groups: Groups, units: Units | None = None) -> LinearFit:
    """Multinomial logistic regression against the first class; likelihood ratio tests that drop a feature.

    Where the classes are separated: Firth's logistic regression of each class against the rest; the p-value
    of a feature is then the smallest over classes, times their number (Bonferroni).

    Args:
        x: (rows, k) standardised columns of full rank.
        y: (rows,) class numbers from 0.
        groups: columns of each feature.
        units: the group of each row, where rows belong together; likelihood ratios are then no tests.
    """
    from scipy.stats import chi2  # noqa: PLC0415 - as above
    from statsmodels.api import MNLogit  # noqa: PLC0415 - as above

    fitted = _maximum_likelihood(MNLogit(y, _with_intercept(x)))
    if fitted is None:
        return one_against_rest([(y == label).astype(np.float64) for label in np.unique(y)], x, groups, units)
    joint = []
    for columns in groups:
        if units is not None or not len(columns):
            joint.append(np.nan)
            continue
        rest = np.delete(np.arange(1 + x.shape[1]), 1 + columns)
        with warnings.catch_warnings():
            # on the way to the maximum a step may go too far
            warnings.simplefilter("ignore", RuntimeWarning)
            reduced = MNLogit(y, _with_intercept(x)[:, rest]).fit(disp=0, method="newton", maxiter=ITERATIONS)
        ratio = max(0.0, 2 * (fitted.llf - reduced.llf))
        joint.append(float(chi2.sf(ratio, len(columns) * fitted.params.shape[1])))
    params, errors = np.asarray(fitted.params)[1:].T, np.asarray(fitted.bse)[1:].T
    reach = _normal_quantile() * errors
    fit = LinearFit(
        "multinomial logistic regression",
        params,
        errors,
        params - reach,
        params + reach,
        np.asarray(fitted.pvalues)[1:].T,
        np.array(joint),
    )
    return fit if units is None else fit.without_tests()


def one_against_rest(
    outcomes: Sequence[Floats], x: Floats, groups: Groups, units: Units | None = None
) -> LinearFit:
    """A logistic regression for each of several 0/1 outcomes; p-values of features by Bonferroni over them.

    Args:
        outcomes: (rows,) each.
        x: (rows, k) standardised columns of full rank.
        groups: columns of each feature.
        units: the group of each row, where rows belong together; there are then no tests at all if any of
            the outcomes has none.
    """
    fits = [logistic(x, y, groups, units) for y in outcomes]
    names = " and ".join(dict.fromkeys(fit.model for fit in fits))
    parts = {
        name: np.concatenate([getattr(fit, name) for fit in fits])
        for name in ("coefficients", "std_errors", "ci_low", "ci_high", "p_values")
    }
    smallest = np.min([fit.group_p for fit in fits], axis=0)
    together = LinearFit(
        f"{names}, one outcome at a time",
        **parts,
        group_p=np.minimum(1, len(fits) * smallest),
        maxima=max(fit.maxima for fit in fits),
        profiled=any(fit.profiled for fit in fits),
        tested=all(fit.tested for fit in fits),
    )
    return together if together.tested else together.without_tests()


def _robust(units: Units | None) -> dict[str, Any]:
    """How statsmodels is asked for errors that are robust to groups, with t on groups - 1 degrees."""
    return {} if units is None else {"cov_type": "cluster", "cov_kwds": {"groups": units}, "use_t": True}


def _maximum_likelihood(model: Any) -> Any | None:  # noqa: ANN401 - statsmodels is untyped
    """The fitted model, or None where it does not converge or the classes are separated."""
    from statsmodels.tools.sm_exceptions import (  # noqa: PLC0415 - as above
        ConvergenceWarning,
        HessianInversionWarning,
        PerfectSeparationError,
        PerfectSeparationWarning,
    )

    with warnings.catch_warnings():
        for category in (ConvergenceWarning, HessianInversionWarning, PerfectSeparationWarning):
            warnings.simplefilter("error", category)
        # near separation probabilities round to 0 and 1, which is told by the checks below
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            fitted = model.fit(disp=0, method="newton", maxiter=ITERATIONS)
        except (
            ConvergenceWarning,
            HessianInversionWarning,
            PerfectSeparationError,
            PerfectSeparationWarning,
            np.linalg.LinAlgError,
        ):
            return None
    params, errors = np.asarray(fitted.params)[1:], np.asarray(fitted.bse)[1:]
    fine = np.all(np.isfinite(errors)) and np.all(errors < LARGEST_ERROR)
    return fitted if fine and np.all(np.abs(params) < LARGEST_COEFFICIENT) else None


def _firth(x: Floats, y: Floats, groups: Groups) -> LinearFit:
    """Firth's logistic regression: penalised likelihood ratio tests, and the intervals that belong to them.

    Such an interval holds the values that a test does not reject. They take as long as the cube of the number
    of columns, and more; of many columns the intervals are those of Wald, and the model's name says so.
    """
    k = x.shape[1]
    few = k <= MOST_PROFILED
    several = [number for number, columns in enumerate(groups) if len(columns) > 1]
    tests = [*np.arange(k)[:, None], *(groups[number] for number in several)]
    fit = firth_logistic(x, y, tests, profiled=few)
    reach = _normal_quantile() * fit.std_errors
    joint = np.full(len(groups), np.nan)
    joint[several] = fit.p_values[k:]
    return LinearFit(
        "Firth's penalised logistic regression" + ("" if few else " with Wald intervals"),
        fit.coefficients[None],
        fit.std_errors[None],
        # an end that is not found is that of Wald
        np.where(np.isfinite(fit.ci_low), fit.ci_low, fit.coefficients - reach)[None],
        np.where(np.isfinite(fit.ci_high), fit.ci_high, fit.coefficients + reach)[None],
        fit.p_values[None, :k],
        _filled(groups, joint.tolist(), fit.p_values[:k]),
        fit.maxima,
        few,
    )


def _fit_of(model: str, fitted: Any, groups: Groups, joint: list[float]) -> LinearFit:  # noqa: ANN401
    interval = np.asarray(fitted.conf_int(LEVEL))[1:]
    p_values = np.asarray(fitted.pvalues)[1:]
    return LinearFit(
        model,
        np.asarray(fitted.params)[None, 1:],
        np.asarray(fitted.bse)[None, 1:],
        interval[None, :, 0],
        interval[None, :, 1],
        p_values[None],
        _filled(groups, joint, p_values),
    )


def _filled(groups: Groups, joint: list[float], p_values: Floats) -> Floats:
    """The p-value of a feature of one column is that of its coefficient."""
    own = [p_values[columns[0]] if len(columns) == 1 else p for columns, p in zip(groups, joint, strict=True)]
    return np.array(own, dtype=np.float64)


def _with_intercept(x: Floats) -> Floats:
    return np.column_stack([np.ones(len(x)), x])


def _selector(columns: NDArray[np.int64], k: int) -> Floats:
    """(columns, 1 + k) picks these coefficients out of all, the intercept first."""
    return np.eye(1 + k)[1 + columns]


def _normal_quantile() -> float:
    return NormalDist().inv_cdf(1 - LEVEL / 2)
