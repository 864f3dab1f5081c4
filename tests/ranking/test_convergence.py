"""Whether enough networks were trained."""

import numpy as np
import pytest

from deepfeat.ranking.convergence import convergence

FEATURES = np.linspace(0, 1, 12)


def drawn(members: int, noise: float, seed: int = 0) -> dict[str, np.ndarray]:
    return {"gate": FEATURES + noise * np.random.default_rng(seed).normal(size=(members, 12))}


def test_more_networks_agree_more() -> None:
    found = convergence(drawn(40, 0.5), 4)
    curve = found.curve
    assert curve["models"].tolist() == [1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 50, 70, 100, 150]
    assert curve["agreement"].is_monotonic_increasing
    assert curve["interval_width"].is_monotonic_decreasing
    assert (curve["agreement_low"] <= curve["agreement"]).all()


def trained_twice(size: int, noise: float, times: int = 2000, seed: int = 2) -> np.ndarray:
    """(times,) correlation of two new ensembles of that size, of the source that `drawn` draws from."""
    spread = noise / np.sqrt(size)
    pairs = FEATURES + spread * np.random.default_rng(seed).normal(size=(times, 2, 12))
    pairs -= pairs.mean(axis=2, keepdims=True)
    pairs /= np.linalg.norm(pairs, axis=2, keepdims=True)
    return pairs.prod(axis=1).sum(axis=1)


@pytest.mark.parametrize("size", [10, 20, 50])
def test_the_agreement_is_what_two_ensembles_show(size: int) -> None:
    """And not that of one ensemble with the truth, which is much higher."""
    curve = convergence(drawn(2000, 0.5, seed=1), 4).curve.set_index("models")
    real = trained_twice(size, 0.5)
    assert curve.loc[size, "agreement"] == pytest.approx(real.mean(), abs=0.02)
    assert curve.loc[size, "agreement_low"] == pytest.approx(np.quantile(real, 0.05), abs=0.05)


@pytest.mark.parametrize(("members", "noise"), [(30, 0.1), (30, 0.3), (100, 0.3), (100, 0.6)])
def test_where_it_says_enough_19_of_20_new_ensembles_agree(members: int, noise: float) -> None:
    """In the mean over what it says of 20 runs; two standard errors of that are below 0.01."""
    agreeing = []
    for run in range(20):
        said = convergence(drawn(members, noise, seed=run), 4, seed=run).recommended
        assert said is not None
        agreeing.append((trained_twice(said, noise, 400, seed=run) >= 0.95).mean())
    assert np.mean(agreeing) >= 0.94


def test_enough_and_how_many_would_be() -> None:
    clear = convergence(drawn(30, 0.05), 4)
    assert clear.enough is True
    assert clear.recommended is not None
    assert clear.recommended <= 3
    noisy = convergence(drawn(10, 1.0), 4)
    assert noisy.enough is False
    if noisy.recommended is not None:
        assert noisy.recommended > 10
    hopeless = convergence({"gate": np.random.default_rng(0).normal(size=(4, 500))}, 10)
    assert hopeless.enough is False
    assert hopeless.recommended is None


@pytest.mark.parametrize(
    "values", [np.ones((2, 3)), np.ones((5, 3)), np.random.default_rng(0).random((5, 1))]
)
def test_where_one_cannot_tell_there_is_no_curve(values: np.ndarray) -> None:
    found = convergence({"gate": values}, 1)
    assert (found.enough, found.recommended, len(found.curve)) == (None, None, 0)
    assert list(found.curve.columns) == [
        *("models", "agreement", "agreement_low", "top_overlap", "interval_width")
    ]


def test_it_repeats() -> None:
    values = drawn(10, 0.5)
    assert convergence(values, 4, seed=3).curve.equals(convergence(values, 4, seed=3).curve)
    assert not convergence(values, 4, seed=3).curve.equals(convergence(values, 4, seed=4).curve)


def test_it_is_of_the_average_that_is_asked_for() -> None:
    """A method with few large scores decides a mean, and has one voice among three in a mean of ranks."""
    rng = np.random.default_rng(0)
    loud = np.tile(np.where(np.arange(12) == 0, 1.0, 0.0), (20, 1))
    quiet = {name: 0.05 * FEATURES + 0.15 * rng.normal(size=(20, 12)) for name in ("a", "b")}
    by_mean = convergence({"loud": loud, **quiet}, 4)
    by_rank = convergence({"loud": loud, **quiet}, 4, "mean_rank")
    assert by_mean.enough is True
    assert by_rank.enough is False


def test_without_a_method_that_asks_networks_there_is_no_curve() -> None:
    assert convergence({}, 4).curve.empty
