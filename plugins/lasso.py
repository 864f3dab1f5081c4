"""lasso: what a linear model keeps, with the penalty that cross-validation chooses."""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepfeat.methods import LinearYardstick, Lines, Share

Floats = NDArray[np.float64]

# Penalties from the smallest that leaves nothing, down to this part of it, as scikit-learn's LassoCV; a
# table with more columns than rows is fitted exactly long before that.
NARROW, WIDE = 1e-3, 1e-2
PENALTIES = 12
ITERATIONS = 5000
INTERCEPT = 10.0


class Lasso(LinearYardstick):
    """Coefficients of a linear model with a cross-validated L1 penalty, by their size (Tibshirani 1996).

    A yardstick: where a straight line ranks the features as the networks do, the networks have found little
    that it has not. For labels it is logistic regression, of several classes each against all others. Inputs
    are standardised with the training rows of each split, so that coefficients can be compared; the columns
    of a category are added up. Each split of the networks is one fit, with five folds of its training rows,
    fewer where a class is rare, to choose the penalty by.
    """

    name = "lasso"
    paper = (
        'Tibshirani 1996, "Regression shrinkage and selection via the lasso", JRSS B 58; for labels: Fan et '
        'al. 2008, "LIBLINEAR: a library for large linear classification", JMLR 9'
    )
    sees = "which features a linear model keeps, and in which direction they push"
    blind_to = (
        "what is not a straight line: even effects and interactions; of correlated features it keeps one, "
        "and which one may change from split to split"
    )
    trust = (
        "when effects are straight lines, features are many and few matter; read it as a list, not as a "
        "ranking"
    )

    @classmethod
    def suggested(cls, rows: int, features: int) -> Mapping[str, str]:
        """Always: where columns outnumber the rows, straight lines are hard to beat."""
        del rows, features
        return {"measure": "squared"}

    def values(self, x: Floats, y: Floats, share: Share) -> Lines:
        """See `LinearYardstick.values`."""
        from sklearn.linear_model import LassoCV  # noqa: PLC0415 - slow to import

        return _quietly(LassoCV(eps=_weakest(x), cv=share.cv(), max_iter=ITERATIONS), x, y)

    def labels(self, x: Floats, labels: NDArray[np.int64], share: Share) -> Lines:
        """See `LinearYardstick.labels`; of more than two classes each is told from all others."""
        classes = range(labels.max() + 1) if labels.max() > 1 else [1]
        parts = share.cv(labels)
        lines = [self._against_rest(x, labels == label, parts, share) for label in classes]
        return Lines(
            np.concatenate([line.coefficients for line in lines]),
            np.concatenate([line.intercepts for line in lines]),
            against_rest=True,
        )

    def _against_rest(self, x: Floats, own: NDArray[np.bool_], parts: list[Any], share: Share) -> Lines:
        from sklearn.linear_model import LogisticRegressionCV  # noqa: PLC0415 - as above
        from sklearn.svm import l1_min_c  # noqa: PLC0415 - as above

        if not x.any():
            odds = own.mean() / (1 - own.mean())
            return Lines(np.zeros((1, x.shape[1])), np.log([odds]))
        # Coordinate descent finds what a penalty leaves of thousands of columns sixty times faster than
        # scikit-learn's solver for all classes at once. It penalises the intercept too, which is scaled so
        # that this costs next to nothing.
        model = LogisticRegressionCV(
            # From the smallest that leaves nothing; of a rare class the intercept, which counts here, makes
            # it smaller than it need be, and the first penalties leave only that.
            Cs=l1_min_c(x, own, loss="log") / np.geomspace(1, _weakest(x), PENALTIES),
            l1_ratios=(1,),
            solver="liblinear",
            intercept_scaling=INTERCEPT,
            cv=parts,
            scoring="neg_log_loss",
            use_legacy_attributes=False,
            max_iter=ITERATIONS,
            tol=1e-3,
            random_state=int(share.rng.integers(1 << 31)),
        )
        return _quietly(model, x, own)


def _weakest(x: Floats) -> float:
    return NARROW if len(x) > x.shape[1] else WIDE


def _quietly(model: Any, x: Floats, y: NDArray[Any]) -> Lines:  # noqa: ANN401 - of scikit-learn
    """The fitted model; the weakest penalties, hardly ever chosen, need not converge, which is no news."""
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415 - as above

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return Lines.of(model.fit(x, y))
