"""Whether and how strongly a feature is associated with the target, given all others.

The generalised covariance measure: what the other features leave unexplained of the feature, times what they
leave unexplained of the target, is zero in the mean if the two are independent given the others. Errors of
the two regressions only matter as a product, so either may be slow to learn.

Shah & Peters 2020, "The hardness of conditional independence testing and the generalised covariance measure",
Annals of Statistics 48(3); several products are tested together by Hotelling 1931, "The generalization of
Student's ratio", Annals of Mathematical Statistics 2(3); the partial effect is that of Robinson 1988,
"Root-N-consistent semiparametric regression", Econometrica 56(4), in the form of Chernozhukov et al. 2018,
Econometrics Journal 21(1).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepfeat.inference.units import Floats, totals

# Columns of a feature are put together until there are as many independent units for each product, if they
# can be; outputs are not. With more products the test stays valid, and finds less.
UNITS_PER_PRODUCT = 20
# A product that varies less than this, relative to the largest that there could be, is rounding.
ROUNDING = 1e-12
Z_95 = 1.959963984540054


@dataclass(frozen=True)
class GcmTest:
    """A test of independence given the other features.

    Attributes:
        statistic: T, standard normal, where there is one product; else F.
        degrees: how many products are tested, the first degrees of freedom of F; 1 where the statistic is T.
        p_value: two-sided.
        units_left: units beyond the products, the second degrees of freedom of F; NaN where it is T.
    """

    statistic: float
    degrees: int
    p_value: float
    units_left: float = float("nan")

    @property
    def excess(self) -> float:
        """By how much all products together exceed what is expected of an irrelevant feature."""
        squared = self.statistic**2 if self.degrees == 1 else self.statistic
        return max(0.0, self.degrees * (squared - 1))


@dataclass(frozen=True)
class PartialEffect:
    """How much the target changes per unit of the feature while the others stay as they are.

    Attributes:
        estimate: in units of the target per unit of the feature.
        std_error: its standard error.
    """

    estimate: float
    std_error: float

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval."""
        return self.estimate - Z_95 * self.std_error, self.estimate + Z_95 * self.std_error


def gcm_test(feature_left: Floats, target_left: Floats, groups: NDArray[np.int64] | None = None) -> GcmTest:
    """Test that feature and target are independent given all other features.

    With one product R of residuals, `T = sqrt(n) mean(R) / sd(R)` is standard normal under the null
    hypothesis. A feature of several columns, or a target of several outputs, has a product for each pair of
    them. With the covariance of n units over n, `H = n mean(R)' cov(R)^-1 mean(R)` of d products is
    `n / (n - 1)` times Hotelling's T^2, so that `F = H (n - d) / (n d)` follows the F distribution on d and
    n - d degrees of freedom: exactly if the products are normal, and for large n whatever they are. H itself
    is chi-squared in large samples alone: at 20 classes and 100 rows it rejects 18 % instead of 5 %. A
    feature of many columns is first reduced to its leading principal components, which are chosen without
    looking at the target.

    Args:
        feature_left: (rows, columns) what the other features leave unexplained of the feature.
        target_left: (rows, outputs) the same of the target; of classes, whose probabilities add up to one,
            all but one.
        groups: (rows,) codes of rows that are not independent of each other.
    """
    from scipy import stats  # noqa: PLC0415 - slow to import

    units = len(feature_left) if groups is None else len(np.unique(groups))
    columns = max(1, units // (UNITS_PER_PRODUCT * target_left.shape[1]))
    reduced = _leading(feature_left, columns)
    products = totals((reduced[:, :, None] * target_left[:, None, :]).reshape(len(reduced), -1), groups)
    mean, covariance = products.mean(axis=0), _covariance(products)
    if products.shape[1] == 1:
        deviation = float(np.sqrt(covariance[0, 0]))
        if deviation <= ROUNDING * float(np.abs(products).max()):
            return GcmTest(0.0, 1, 1.0)
        statistic = float(np.sqrt(units) * mean[0] / deviation)
        return GcmTest(statistic, 1, float(2 * stats.norm.sf(abs(statistic))))
    # Products that are combinations of each other say nothing new: the inverse leaves them out.
    scale = np.sqrt(np.diag(covariance))
    kept = scale > ROUNDING * np.abs(products).max(axis=0)
    if not kept.any():
        return GcmTest(0.0, 1, 1.0)
    standard = mean[kept] / scale[kept]
    correlation = covariance[np.ix_(kept, kept)] / np.outer(scale[kept], scale[kept])
    values, vectors = np.linalg.eigh(correlation)
    present = values > len(values) * 1e-10
    along = (vectors.T @ standard)[present]
    form = float(units * np.sum(along**2 / values[present]))
    degrees = int(present.sum())
    if degrees == 1:
        return GcmTest(float(np.sqrt(form)), 1, float(stats.chi2.sf(form, 1)))
    left = units - degrees
    statistic = form * left / (units * degrees)
    return GcmTest(statistic, degrees, float(stats.f.sf(statistic, degrees, left)), left)


def partial_effect(
    feature_left: Floats, target_left: Floats, groups: NDArray[np.int64] | None = None
) -> PartialEffect:
    """The slope of the target on the feature, after the other features.

    `theta = sum(r_x r_y) / sum(r_x^2)`, with standard error `sd(r_x (r_y - theta r_x)) / (sqrt(n)
    mean(r_x^2))`.

    Args:
        feature_left: (rows,) what the other features leave unexplained of the feature.
        target_left: (rows,) the same of the target.
        groups: (rows,) codes of rows that are not independent of each other.

    Returns:
        NaN where the others leave nothing unexplained of the feature.
    """
    spread = float(np.sum(feature_left**2))
    if spread == 0:
        return PartialEffect(float("nan"), float("nan"))
    estimate = float(np.sum(feature_left * target_left)) / spread
    scores = totals(feature_left * (target_left - estimate * feature_left), groups)
    return PartialEffect(estimate, float(np.sqrt(len(scores)) * scores.std() / spread))


def _leading(columns: Floats, at_most: int) -> Floats:
    """The leading principal components, where there are more columns than wanted."""
    if columns.shape[1] <= at_most:
        return columns
    deviation = columns.std(axis=0)
    standard = columns / np.where(deviation > 0, deviation, 1)
    _, _, directions = np.linalg.svd(standard - standard.mean(axis=0), full_matrices=False)
    leading: Floats = standard @ directions[:at_most].T
    return leading


def _covariance(products: Floats) -> Floats:
    centred = products - products.mean(axis=0)
    covariance: Floats = centred.T @ centred / len(products)
    return covariance
