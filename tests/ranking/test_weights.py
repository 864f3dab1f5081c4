"""Methods that count differently."""

import numpy as np
import pytest

from deepfeat.ranking.aggregate import mean_over_methods
from deepfeat.ranking.table import build_ranking
from deepfeat.ranking.weights import counting, weighted

SCORES = {
    "first": np.array([[3.0, 1.0, 0.0], [2.0, 1.0, 1.0]]),
    "second": np.array([[0.0, 1.0, 3.0], [1.0, 0.0, 3.0]]),
}


def test_the_plain_mean_of_weighted_scores_is_the_weighted_mean() -> None:
    together = weighted(SCORES, {"first": 3, "second": 1})
    expected = 0.75 * SCORES["first"] + 0.25 * SCORES["second"]
    np.testing.assert_allclose(mean_over_methods(together), expected)


@pytest.mark.parametrize("weights", [None, {"first": 0, "second": 0}, {}])
def test_without_weights_all_count_alike(weights: dict[str, float] | None) -> None:
    for name, values in weighted(SCORES, weights).items():
        np.testing.assert_array_equal(values, SCORES[name])


@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf])
def test_weights_that_are_none(wrong: float) -> None:
    with pytest.raises(ValueError, match="finite and 0 or more"):
        weighted(SCORES, {"first": wrong, "second": 1})


def test_a_ranking_with_weights() -> None:
    names = ("a", "b", "c")
    table = build_ranking(names, SCORES, weights={"first": 3, "second": 1}).set_index("feature")
    shares = {
        name: (values / values.sum(axis=1, keepdims=True)).mean(axis=0) for name, values in SCORES.items()
    }
    np.testing.assert_allclose(
        table.loc[list(names), "importance"], 0.75 * shares["first"] + 0.25 * shares["second"]
    )
    assert (table["ci_low"] <= table["importance"]).all()
    assert (table["importance"] <= table["ci_high"]).all()
    # The columns of the methods are what they say, whatever they count.
    for name, share in shares.items():
        np.testing.assert_allclose(table.loc[list(names), name], share)
    assert table.loc["a", "rank"] == 1
    assert build_ranking(names, SCORES, weights={"first": 0, "second": 1}).loc[0, "feature"] == "c"


def test_weights_are_for_the_mean() -> None:
    with pytest.raises(ValueError, match="not for mean_rank"):
        build_ranking(("a", "b", "c"), SCORES, across="mean_rank", weights={"first": 1, "second": 1})


def test_methods_count_that_have_a_weight() -> None:
    assert counting(("a", "b", "c"), {"a": 0.5, "b": 0.0}) == ("a",)
    for alike in (None, {"a": 0.0, "b": 0.0}):
        assert counting(("a", "b"), alike) == ("a", "b")
