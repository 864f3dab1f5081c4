"""Sequential Monte Carlo p-values."""

import numpy as np
import pytest
from scipy.stats import kstest

from deepfeat.inference.randomization import SequentialTest


def run(test: SequentialTest, extreme: np.ndarray, batch: int) -> np.ndarray:
    start = 0
    while len(places := test.open):
        test.add(places, extreme[places, start : start + batch])
        start += batch
    return test.p_values


@pytest.mark.parametrize("batch", [1, 7, 100])
def test_p_values_do_not_depend_on_how_draws_are_batched(batch: int) -> None:
    extreme = np.random.default_rng(0).random((50, 200)) < np.linspace(0, 1, 50)[:, None]
    found = run(SequentialTest(50, 100, 5), extreme, batch)
    for row, p in zip(extreme, found, strict=True):
        hits = np.flatnonzero(row[:100])
        expected = 5 / (hits[4] + 1) if len(hits) >= 5 else (len(hits) + 1) / 101
        assert p == pytest.approx(expected)


def test_a_feature_that_no_draw_reaches_has_the_least_p_value() -> None:
    test = SequentialTest(2, 99, 10)
    assert run(test, np.zeros((2, 200), dtype=bool), 40) == pytest.approx([0.01, 0.01])
    np.testing.assert_array_equal(test.made, 99)


def test_irrelevant_features_stop_early_and_are_uniform() -> None:
    rng = np.random.default_rng(1)
    # Under the null hypothesis the chance that a draw is extreme is itself uniform.
    extreme = rng.random((4000, 500)) < rng.random((4000, 1))
    test = SequentialTest(4000, 500, 20)
    p = run(test, extreme, 50)
    # The largest p-values are 20/20, 20/21, ...: steps of nearly 0.05, and so is the distance.
    assert kstest(p, "uniform").statistic < 0.06
    assert np.mean(p <= 0.05) == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 4000))
    assert np.median(test.made) < 60
