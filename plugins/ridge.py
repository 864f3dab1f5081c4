"""ridge: what a linear model weighs, with the shrinkage that cross-validation chooses."""

import numpy as np
from numpy.typing import NDArray

from deepfeat.inference.penalised import ridge, ridge_of_labels
from deepfeat.methods import LinearYardstick, Lines, Share

Floats = NDArray[np.float64]


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
        return ridge(x, y, share.cv())

    def labels(self, x: Floats, labels: NDArray[np.int64], share: Share) -> Lines:
        """See `LinearYardstick.labels`."""
        return ridge_of_labels(x, labels, share.cv(labels), share.rng)
