"""ridge: what a linear model weighs, with the shrinkage that cross-validation chooses."""

import numpy as np
from numpy.typing import NDArray

from deepfeat.methods import LinearYardstick, Lines, Share

Floats = NDArray[np.float64]

# Penalties that are tried: of a regression, and (as their inverse) of a classification.
SHRINKAGES = np.geomspace(1e-3, 1e6, 10)
STRENGTHS = np.geomspace(1e-4, 1e4, 10)


class Ridge(LinearYardstick):
    """Coefficients of a linear model with a cross-validated L2 penalty, by their size (Hoerl & Kennard 1970).

    A yardstick beside the lasso: where the lasso keeps one of several correlated features, this shares the
    weight among them. For labels it is logistic regression. Inputs are standardised with the training rows
    of each split; the columns of a category are added up. Each split of the networks is one fit, with five
    folds of its training rows to choose the penalty by.
    """

    name = "ridge"
    paper = (
        'Hoerl & Kennard 1970, "Ridge regression", Technometrics 12; for labels: le Cessie & van Houwelingen '
        '1992, "Ridge estimators in logistic regression", Applied Statistics 41'
    )
    sees = "how strongly a linear model weighs each feature, and in which direction it pushes"
    blind_to = (
        "what is not a straight line: even effects and interactions; correlated features share one weight, "
        "so that each looks small"
    )
    trust = (
        "when effects are straight lines and features are correlated; among equals it shares the weight, "
        "where lasso draws lots"
    )

    def values(self, x: Floats, y: Floats, share: Share) -> Lines:
        """See `LinearYardstick.values`."""
        from sklearn.linear_model import RidgeCV  # noqa: PLC0415 - slow to import

        turned, back = _narrow(x)
        model = RidgeCV(alphas=SHRINKAGES, cv=share.cv(), scoring="neg_mean_squared_error")
        return Lines.of(model.fit(turned, y), back)

    def labels(self, x: Floats, labels: NDArray[np.int64], share: Share) -> Lines:
        """See `LinearYardstick.labels`."""
        from sklearn.linear_model import LogisticRegressionCV  # noqa: PLC0415 - as above

        turned, back = _narrow(x)
        model = LogisticRegressionCV(
            Cs=STRENGTHS,
            l1_ratios=(0,),
            solver="newton-cholesky",
            cv=share.cv(labels),
            scoring="neg_log_loss",
            use_legacy_attributes=False,
        )
        return Lines.of(model.fit(turned, labels), back)


def _narrow(x: Floats) -> tuple[Floats, Floats]:
    """The table turned so that it has no more columns than rows, and what turns its coefficients back.

    An L2 penalty does not notice a rotation, and directions in which the rows do not differ get no weight:
    the answer is the same, only the time is not.
    """
    if x.shape[1] <= len(x):
        return x, np.eye(x.shape[1])
    left, sizes, back = np.linalg.svd(x, full_matrices=False)
    return left * sizes, back
