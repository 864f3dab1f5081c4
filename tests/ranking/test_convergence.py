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


def test_the_agreement_is_what_other_ensembles_show() -> None:
    # 200 other ensembles of 20 from the same source, beside one large ensemble that stands for the truth
    truth = drawn(2000, 0.5, seed=1)
    fresh = np.random.default_rng(2)
    real = np.mean(
        [np.corrcoef(truth["gate"][fresh.choice(2000, 20)].mean(axis=0), FEATURES)[0, 1] for _ in range(200)]
    )
    curve = convergence(truth, 4).curve.set_index("models")
    assert curve.loc[20, "agreement"] == pytest.approx(real, abs=0.005)


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
    quiet = {name: 0.05 * FEATURES + 0.2 * rng.normal(size=(20, 12)) for name in ("a", "b")}
    by_mean = convergence({"loud": loud, **quiet}, 4)
    by_rank = convergence({"loud": loud, **quiet}, 4, "mean_rank")
    assert by_mean.enough is True
    assert by_rank.enough is False


def test_without_a_method_that_asks_networks_there_is_no_curve() -> None:
    assert convergence({}, 4).curve.empty
