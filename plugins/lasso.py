"""lasso: what a linear model keeps, with the penalty that cross-validation chooses."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from deepfeat.inference.penalised import lasso, lasso_of_labels
from deepfeat.methods import LinearYardstick, Lines, Share

Floats = NDArray[np.float64]


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
        return lasso(x, y, share.cv())

    def labels(self, x: Floats, labels: NDArray[np.int64], share: Share) -> Lines:
        """See `LinearYardstick.labels`; of more than two classes each is told from all others."""
        return lasso_of_labels(x, labels, share.cv(labels), share.rng)
