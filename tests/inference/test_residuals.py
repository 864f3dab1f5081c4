"""What of a column the others do not explain."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf, ledoit_wolf_shrinkage

from deepfeat.inference.residuals import Residuals, ledoit_wolf

RNG = np.random.default_rng(0)


def correlated(rows: int, columns: int, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    mixing = np.eye(columns) + 0.4 * rng.normal(size=(columns, columns))
    return (5 + rng.normal(size=(rows, columns)) @ mixing).astype(np.float32)


@pytest.mark.parametrize(("rows", "columns"), [(100, 10), (50, 50), (30, 80)])
def test_equal_to_the_precision_matrix_of_scikit_learn(rows: int, columns: int) -> None:
    x = correlated(rows, columns)
    z = (x - x.mean(axis=0, dtype=np.float64)) / x.std(axis=0, dtype=np.float64)
    precision = LedoitWolf(assume_centered=True).fit(z).precision_
    residuals = Residuals.fit(x, RNG)
    np.testing.assert_allclose(
        residuals.of(x) / residuals.deviation, z @ precision / np.diag(precision), atol=1e-10
    )
    assert ledoit_wolf(z) == pytest.approx(ledoit_wolf_shrinkage(z, assume_centered=True))


def test_with_many_rows_equal_to_least_squares() -> None:
    x = correlated(20_000, 4)
    others = np.column_stack([np.ones(len(x)), np.delete(x, 2, axis=1)]).astype(np.float64)
    fitted = others @ np.linalg.lstsq(others, x[:, 2].astype(np.float64), rcond=None)[0]
    np.testing.assert_allclose(Residuals.fit(x, RNG).of(x)[:, 2], x[:, 2] - fitted, atol=0.01)


@given(shift=st.floats(-100, 100), column=st.integers(0, 4), rows=st.sampled_from([4, 40]))
def test_what_is_explained_depends_on_the_other_columns_alone(shift: float, column: int, rows: int) -> None:
    x = correlated(rows, 5)
    residuals = Residuals.fit(x, RNG)
    moved = x.copy()
    moved[:, column] += np.float32(shift)
    explained = x - residuals.of(x), moved - residuals.of(moved)
    np.testing.assert_allclose(explained[1][:, column], explained[0][:, column], atol=1e-4)


def test_independent_columns_keep_nearly_all() -> None:
    x = RNG.normal(size=(5000, 3)).astype(np.float32)
    np.testing.assert_allclose(Residuals.fit(x, RNG).of(x), x - x.mean(axis=0), atol=0.2)


def test_a_copy_keeps_nearly_nothing() -> None:
    x = RNG.normal(size=(5000, 3)).astype(np.float32)
    x[:, 2] = x[:, 0]
    left = Residuals.fit(x, RNG).of(x).std(axis=0)
    assert left[0] < 0.05
    assert left[2] < 0.05
    assert left[1] > 0.9


@pytest.mark.parametrize("x", [np.ones((5, 3)), np.ones((1, 3)), np.arange(6.0).reshape(6, 1)])
def test_columns_without_spread_or_company(x: NDArray[np.float64]) -> None:
    table = x.astype(np.float32)
    np.testing.assert_allclose(Residuals.fit(table, RNG).of(table), table - table.mean(axis=0), atol=1e-6)


def test_a_wide_and_long_table_is_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepfeat.inference.residuals.ENOUGH_ROWS", 20)
    x = correlated(100, 30)
    first, second = (Residuals.fit(x, np.random.default_rng(3)) for _ in range(2))
    assert [factor.shape for factor in first.factors] == [(30, 20), (20, 30)]
    np.testing.assert_array_equal(first.of(x), second.of(x))


@pytest.mark.parametrize(("rows", "columns"), [(200, 6), (12, 30)])
def test_a_block_is_explained_by_the_columns_outside_of_it(rows: int, columns: int) -> None:
    x = correlated(rows, columns)
    residuals = Residuals.fit(x, RNG)
    block, single = residuals.of_blocks(x, [np.array([1, 4]), np.array([2])])
    np.testing.assert_allclose(single[:, 0], residuals.of(x)[:, 2], rtol=1e-9, atol=1e-9)
    moved = x.copy()
    moved[:, [1, 4]] += np.float32([3, -2])
    changed = residuals.of_blocks(moved, [np.array([1, 4])])[0]
    np.testing.assert_allclose(x[:, [1, 4]] - block, moved[:, [1, 4]] - changed, atol=1e-4)


def test_a_block_with_many_rows_is_equal_to_least_squares() -> None:
    x = correlated(20_000, 5)
    others = np.column_stack([np.ones(len(x)), np.delete(x, [0, 3], axis=1)]).astype(np.float64)
    own = x[:, [0, 3]].astype(np.float64)
    (left,) = Residuals.fit(x, RNG).of_blocks(x, [np.array([0, 3])])
    np.testing.assert_allclose(left, own - others @ np.linalg.lstsq(others, own, rcond=None)[0], atol=0.05)
