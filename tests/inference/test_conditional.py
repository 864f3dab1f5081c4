"""Drawing a feature given all others."""

import numpy as np
import pytest

from deepfeat.inference.conditional import ConditionalModel

ROWS = 4000
RNG = np.random.default_rng(0)


def singles(count: int) -> list[np.ndarray]:
    return [np.array([j]) for j in range(count)]


def correlated_numbers() -> np.ndarray:
    x = RNG.normal(size=(ROWS, 3))
    x[:, 1] = 0.8 * x[:, 0] + 0.6 * x[:, 1]
    return x


def test_a_number_keeps_its_relation_to_the_others() -> None:
    x = correlated_numbers()
    model = ConditionalModel(x, singles(3), ["number"] * 3, RNG)
    assert model.families == ("gaussian",) * 3
    drawn = model.draw(RNG)
    # Errors of correlations of 4000 rows are about 0.016.
    assert np.corrcoef(drawn[:, 1], x[:, 0])[0, 1] == pytest.approx(0.8, abs=0.05)
    assert drawn[:, 1].std() == pytest.approx(1, abs=0.05)
    # What is left of the true value is not in the drawn one.
    left = x[:, 1] - 0.8 * x[:, 0]
    assert abs(np.corrcoef(drawn[:, 1] - 0.8 * x[:, 0], left)[0, 1]) < 0.05
    assert model.explained[1] == pytest.approx(0.64, abs=0.04)
    assert np.abs(model.kurtosis).max() < 0.3


def test_a_number_of_few_values_is_one_of_these() -> None:
    x = correlated_numbers()
    dosage = RNG.binomial(2, 1 / (1 + np.exp(-x[:, 0])))
    table = np.column_stack([x[:, 0], dosage])
    model = ConditionalModel(table, singles(2), ["number"] * 2, RNG)
    assert model.families == ("gaussian", "levels")
    drawn = np.stack([model.draw(RNG)[:, 1] for _ in range(40)])
    assert set(np.unique(drawn)) == {0, 1, 2}
    slope, level = np.polyfit(x[:, 0], dosage, 1)
    wanted = np.clip(level + slope * x[:, 0], 0.002, 1.998)
    np.testing.assert_allclose(np.polyfit(wanted, drawn.mean(axis=0), 1), [1, 0], atol=0.06)
    for value in range(3):
        assert np.mean(drawn == value) == pytest.approx(np.mean(dosage == value), abs=0.02)


def test_independent_genotypes_are_binomial() -> None:
    dosage = np.repeat([0, 1, 2], [490, 420, 90]).astype(float)  # Hardy and Weinberg at 0.3
    own = np.random.default_rng(6)
    table = np.column_stack([own.permutation(dosage), own.normal(size=1000)])
    model = ConditionalModel(table, singles(2), ["number"] * 2, own)
    drawn = np.stack([model.draw(own)[:, 0] for _ in range(50)])
    shares = [np.mean(drawn == value) for value in range(3)]
    np.testing.assert_allclose(shares, [0.49, 0.42, 0.09], atol=0.01)


def test_a_category_is_one_of_its_levels() -> None:
    first = RNG.normal(size=ROWS)
    code = np.where(first > 0, RNG.integers(3, size=ROWS), 0)
    table = np.column_stack([first, np.eye(3)[code]])
    model = ConditionalModel(table, [np.array([0]), np.array([1, 2, 3])], ["number", "category"], RNG)
    assert model.families == ("gaussian", "category")
    drawn = model.draw(RNG)[:, 1:]
    np.testing.assert_array_equal(drawn.sum(axis=1), 1)
    np.testing.assert_allclose(drawn.mean(axis=0), np.eye(3)[code].mean(axis=0), atol=0.06)
    high, low = first > 0.5, first < -0.5
    assert drawn[high, 0].mean() < drawn[low, 0].mean() - 0.4


def test_a_constant_stays_what_it_is() -> None:
    table = np.column_stack([np.full(50, 7.0), RNG.normal(size=50)])
    model = ConditionalModel(table, singles(2), ["number"] * 2, RNG)
    np.testing.assert_array_equal(model.draw(RNG)[:, 0], 7)


def test_draws_are_repeatable() -> None:
    model = ConditionalModel(correlated_numbers(), singles(3), ["number"] * 3, RNG)
    first, second = (model.draw(np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_heavy_tails_are_noticed() -> None:
    table = np.random.default_rng(5).standard_t(3, size=(ROWS, 2))
    assert ConditionalModel(table, singles(2), ["number"] * 2, RNG).kurtosis.min() > 2
