"""The generalised covariance measure and the partial effect: formulas, calibration, and power."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from deepfeat.inference.gcm import GcmTest, PartialEffect, gcm_test, partial_effect

Floats = NDArray[np.float64]


def residuals(rows: int, columns: int, outputs: int, seed: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, columns)), rng.normal(size=(rows, outputs)) * [1, 5, 2][:outputs]


def test_one_product_is_the_statistic_of_shah_and_peters() -> None:
    x, y = residuals(80, 1, 1, 0)
    product = x[:, 0] * y[:, 0]
    statistic = np.sqrt(80) * product.mean() / product.std()
    found = gcm_test(x, y)
    assert found.statistic == pytest.approx(statistic)
    assert found.degrees == 1
    assert found.p_value == pytest.approx(2 * stats.norm.cdf(-abs(statistic)))


def hotelling(products: Floats) -> tuple[float, float]:
    """F and its p-value, from T^2 with the unbiased covariance, as in textbooks."""
    n, d = products.shape
    mean = products.mean(axis=0)
    t_squared = n * mean @ np.linalg.solve(np.cov(products.T, ddof=1), mean)
    statistic = (n - d) / (d * (n - 1)) * t_squared
    return statistic, stats.f.sf(statistic, d, n - d)


def test_several_products_are_tested_by_hotelling() -> None:
    x, y = residuals(200, 2, 2, 1)
    products = np.stack([x[:, i] * y[:, k] for i in range(2) for k in range(2)], axis=1)
    found = gcm_test(x, y)
    assert (found.statistic, found.p_value) == pytest.approx(hotelling(products))
    assert (found.degrees, found.units_left) == (4, 196)


def test_of_groups_the_sums_are_the_units() -> None:
    x, y = residuals(120, 1, 2, 8)
    groups = np.arange(120) % 40
    products = np.array([(x * y)[groups == group].sum(axis=0) for group in range(40)])
    found = gcm_test(x, y, groups)
    assert (found.statistic, found.p_value) == pytest.approx(hotelling(products))
    assert (found.degrees, found.units_left) == (2, 38)


def test_it_does_not_matter_which_class_is_left_out() -> None:
    x, y = residuals(150, 1, 2, 2)
    classes = np.column_stack([y, -y.sum(axis=1)])
    first, second = gcm_test(x, classes[:, :2]), gcm_test(x, classes[:, 1:])
    assert first.statistic == pytest.approx(second.statistic)
    # And a class too many says nothing new.
    every = gcm_test(x, classes)
    assert every.degrees == 2
    assert every.statistic == pytest.approx(first.statistic, rel=1e-6)


@pytest.mark.parametrize(("columns", "outputs"), [(1, 1), (1, 2), (3, 1), (12, 2)])
def test_the_level_is_kept(columns: int, outputs: int) -> None:
    # 1000 tests: a share of 0.05 has a standard error of 0.0069; wrong once in 700 (three of them)
    p = [gcm_test(*residuals(300, columns, outputs, seed)).p_value for seed in range(1000)]
    assert abs(np.mean(np.array(p) < 0.05) - 0.05) < 0.021


@pytest.mark.parametrize(("classes", "rows"), [(10, 100), (15, 150), (20, 100)])
def test_the_level_is_kept_with_many_classes(classes: int, rows: int) -> None:
    # The chi-squared distribution rejects 8 to 20 % here. At most 5 %, and a share of 1000 has a standard
    # error of 0.0069: wrong less than once in 700. What is rounded to 0 and 1 makes F cautious.
    rng = np.random.default_rng(classes)
    p = []
    for _ in range(1000):
        target = np.eye(classes)[rng.integers(classes, size=rows)] - 1 / classes
        p.append(gcm_test(rng.normal(size=(rows, 1)), target[:, :-1]).p_value)
    assert 0.01 < np.mean(np.array(p) < 0.05) < 0.05 + 0.021


def test_a_feature_that_orders_many_classes_is_found() -> None:
    rng = np.random.default_rng(9)
    label = rng.integers(20, size=300)
    feature = rng.normal(size=(300, 1)) + (label[:, None] - 9.5) / 5
    target = np.eye(20)[label] - 1 / 20
    assert gcm_test(feature, target[:, :-1]).p_value < 1e-3


def test_more_classes_than_rows_find_nothing_and_break_nothing() -> None:
    target = np.eye(40)[:, :-1] - 1 / 40
    found = gcm_test(np.random.default_rng(10).normal(size=(40, 1)), target)
    assert found.degrees < 40
    assert found.units_left >= 1
    assert 0 <= found.p_value <= 1


def test_columns_beyond_what_rows_allow_are_reduced_to_components() -> None:
    x, y = residuals(100, 30, 1, 3)
    assert gcm_test(x, y).degrees == 5


def test_what_is_associated_is_found() -> None:
    x, y = residuals(200, 1, 1, 4)
    assert gcm_test(x, y + 0.5 * x).p_value < 1e-6


def test_the_unit_of_either_side_does_not_matter() -> None:
    x, y = residuals(60, 2, 1, 5)
    assert gcm_test(x * [1e6, 1e-6], y * 1e3).p_value == pytest.approx(gcm_test(x, y).p_value)


@pytest.mark.parametrize("columns", [1, 2])
def test_a_constant_feature_is_not_significant(columns: int) -> None:
    found = gcm_test(np.zeros((50, columns)), np.ones((50, 1)))
    assert (found.statistic, found.degrees, found.p_value) == (0.0, 1, 1.0)
    assert found.excess == 0


def test_the_excess_is_what_goes_beyond_chance() -> None:
    assert GcmTest(-3.0, 1, 0.003).excess == 8.0
    assert GcmTest(3.75, 2, 0.02, 100).excess == 5.5
    assert GcmTest(0.9, 2, 0.4, 100).excess == 0.0
    assert GcmTest(0.5, 1, 0.6).excess == 0.0


def test_the_effect_is_the_slope_with_a_robust_error() -> None:
    x, y = residuals(120, 1, 1, 6)
    feature, target = x[:, 0], y[:, 0] + 0.7 * x[:, 0]
    theta = np.sum(feature * target) / np.sum(feature**2)
    error = np.std(feature * (target - theta * feature)) / (np.sqrt(120) * np.mean(feature**2))
    found = partial_effect(feature, target)
    assert found.estimate == pytest.approx(theta)
    assert found.std_error == pytest.approx(error)
    assert found.interval == pytest.approx((theta - 1.959964 * error, theta + 1.959964 * error))


def test_without_a_feature_there_is_no_effect() -> None:
    found = partial_effect(np.zeros(10), np.ones(10))
    assert np.isnan(found.estimate)
    assert np.isnan(PartialEffect(1.0, float("nan")).interval).all()


def test_rows_of_a_group_do_not_count_twice() -> None:
    x, y = residuals(50, 1, 1, 7)
    groups = np.repeat(np.arange(50), 4)
    x4, y4 = np.repeat(x, 4, axis=0), np.repeat(y, 4, axis=0)
    alone, repeated = gcm_test(x, y), gcm_test(x4, y4, groups)
    assert repeated.statistic == pytest.approx(alone.statistic)
    assert gcm_test(x4, y4).statistic == pytest.approx(2 * alone.statistic)
    effects = partial_effect(x[:, 0], y[:, 0]), partial_effect(x4[:, 0], y4[:, 0], groups)
    assert effects[0].estimate == pytest.approx(effects[1].estimate)
    # Doubly robust sums of scores of equal groups are the scores of one row each.
    assert effects[0].std_error == pytest.approx(effects[1].std_error)
