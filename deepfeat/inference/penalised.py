"""Linear models under a penalty that cross-validation chooses: estimates, and nothing more.

Tests of coefficients that the same rows have chosen would not be valid, so there are none. Inputs are
standardised columns, as many as there are; folds are places in the rows to fit on and to judge on.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Folds = Sequence[tuple[Rows, Rows]]
Penalty = Literal["lasso", "ridge"]

# Penalties of the lasso: from the smallest that leaves nothing, down to this part of it, as scikit-learn's
# LassoCV; a table with more columns than rows is fitted exactly long before that.
NARROW, WIDE = 1e-3, 1e-2
PENALTIES = 12
ITERATIONS = 5000
INTERCEPT = 10.0
# Penalties of ridge regression, and (as their inverse) of a classification.
SHRINKAGES = np.geomspace(1e-3, 1e6, 10)
STRENGTHS = np.geomspace(1e-4, 1e4, 10)


@dataclass(frozen=True, eq=False)
class Lines:
    """Fitted linear models of standardised columns.

    Attributes:
        coefficients: (lines, columns) one line for a regression or two classes, else one per class.
        intercepts: (lines,) the answer of each for an average row.
        against_rest: of several classes, whether each line is the log odds of its class against all others;
            else its exponential is in proportion to the probability.
    """

    coefficients: Floats
    intercepts: Floats
    against_rest: bool = False

    @classmethod
    def of(cls, model: Any, back: Floats | None = None) -> "Lines":  # noqa: ANN401 - of scikit-learn
        """Those of a fitted model; `back` turns its coefficients to the columns where others were fitted."""
        coefficients = np.atleast_2d(model.coef_)
        return cls(coefficients if back is None else coefficients @ back, np.atleast_1d(model.intercept_))

    @classmethod
    def join(cls, parts: Sequence["Lines"], *, against_rest: bool) -> "Lines":
        """The lines of several, one after the other."""
        return cls(
            np.concatenate([lines.coefficients for lines in parts]),
            np.concatenate([lines.intercepts for lines in parts]),
            against_rest=against_rest,
        )


def lasso(x: Floats, y: Floats, folds: Folds) -> Lines:
    """A line under an L1 penalty (Tibshirani 1996).

    Args:
        x: (rows, columns) standardised.
        y: (rows,) standardised.
        folds: to choose the penalty by.
    """
    from sklearn.linear_model import LassoCV  # noqa: PLC0415 - slow to import

    return _quietly(LassoCV(eps=_weakest(x), cv=folds, max_iter=ITERATIONS), x, y)


def lasso_of_labels(x: Floats, labels: Rows, folds: Folds, rng: np.random.Generator) -> Lines:
    """A line of log odds under an L1 penalty; of more than two classes each is told from all others.

    Coordinate descent (Fan et al. 2008) finds what a penalty leaves of thousands of columns sixty times
    faster than scikit-learn's solver for all classes at once.

    Args:
        x: (rows, columns) standardised.
        labels: (rows,) class numbers, all of which occur.
        folds: to choose the penalty by, the same for every class.
        rng: seeds the solver.
    """
    classes = range(labels.max() + 1) if labels.max() > 1 else [1]
    return Lines.join([_against_rest(x, labels == label, folds, rng) for label in classes], against_rest=True)


def ridge(x: Floats, y: Floats, folds: Folds) -> Lines:
    """A line under an L2 penalty (Hoerl & Kennard 1970); see `lasso`."""
    from sklearn.linear_model import RidgeCV  # noqa: PLC0415 - slow to import

    turned, back = _narrow(x)
    model = RidgeCV(alphas=SHRINKAGES, cv=folds, scoring="neg_mean_squared_error")
    return Lines.of(model.fit(turned, y), back)


def ridge_of_labels(x: Floats, labels: Rows, folds: Folds, rng: np.random.Generator) -> Lines:
    """Log odds under an L2 penalty (le Cessie & van Houwelingen 1992), a line for each of several classes.

    See `lasso_of_labels`; nothing is drawn.
    """
    from sklearn.linear_model import LogisticRegressionCV  # noqa: PLC0415 - slow to import

    del rng
    turned, back = _narrow(x)
    model = LogisticRegressionCV(
        Cs=STRENGTHS,
        l1_ratios=(0,),
        solver="newton-cholesky",
        cv=folds,
        scoring="neg_log_loss",
        use_legacy_attributes=False,
    )
    return Lines.of(model.fit(turned, labels), back)


def _against_rest(x: Floats, own: NDArray[np.bool_], folds: Folds, rng: np.random.Generator) -> Lines:
    from sklearn.linear_model import LogisticRegressionCV  # noqa: PLC0415 - slow to import
    from sklearn.svm import l1_min_c  # noqa: PLC0415 - as above

    if not x.any():
        odds = own.mean() / (1 - own.mean())
        return Lines(np.zeros((1, x.shape[1])), np.log([odds]))
    # This solver penalises the intercept too, which is scaled so that this costs next to nothing.
    model = LogisticRegressionCV(
        # From the smallest that leaves nothing; of a rare class the intercept, which counts here, makes it
        # smaller than it need be, and the first penalties leave only that.
        Cs=l1_min_c(x, own, loss="log") / np.geomspace(1, _weakest(x), PENALTIES),
        l1_ratios=(1,),
        solver="liblinear",
        intercept_scaling=INTERCEPT,
        cv=folds,
        scoring="neg_log_loss",
        use_legacy_attributes=False,
        max_iter=ITERATIONS,
        tol=1e-3,
        random_state=int(rng.integers(1 << 31)),
    )
    return _quietly(model, x, own)


def _weakest(x: Floats) -> float:
    return NARROW if len(x) > x.shape[1] else WIDE


def _quietly(model: Any, x: Floats, y: NDArray[Any]) -> Lines:  # noqa: ANN401 - of scikit-learn
    """The fitted model; the weakest penalties, hardly ever chosen, need not converge, which is no news."""
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 - slow to import

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return Lines.of(model.fit(x, y))


def _narrow(x: Floats) -> tuple[Floats, Floats]:
    """The table turned so that it has no more columns than rows, and what turns its coefficients back.

    An L2 penalty does not notice a rotation, and directions in which the rows do not differ get no weight:
    the answer is the same, only the time is not.
    """
    if x.shape[1] <= len(x):
        return x, np.eye(x.shape[1])
    left, sizes, back = np.linalg.svd(x, full_matrices=False)
    return left * sizes, back


OF_VALUES: Mapping[Penalty, Callable[[Floats, Floats, Folds], Lines]] = MappingProxyType(
    {"lasso": lasso, "ridge": ridge}
)
OF_LABELS: Mapping[Penalty, Callable[[Floats, Rows, Folds, np.random.Generator], Lines]] = MappingProxyType(
    {"lasso": lasso_of_labels, "ridge": ridge_of_labels}
)
