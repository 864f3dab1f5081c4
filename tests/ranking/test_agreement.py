"""Agreement of methods."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from deepfeat.ranking.agreement import Outlook, agreement_matrix, disagreements, kendall_w

MEANS = {"a": np.array([4.0, 3.0, 2.0, 1.0]), "b": np.array([1.0, 2.0, 3.0, 4.0]), "c": np.ones(4)}


def test_known_correlations() -> None:
    matrix = agreement_matrix(MEANS)
    np.testing.assert_array_equal(matrix[:2, :2], [[1, -1], [-1, 1]])
    assert np.isnan(matrix[2]).all()
    assert np.isnan(agreement_matrix({"a": np.ones(1)})).all()


@given(hnp.arrays(np.float64, (3, 6), elements=st.integers(0, 4).map(float)))
@settings(deadline=None)
def test_it_is_spearmans_correlation(values: np.ndarray) -> None:
    matrix = agreement_matrix(dict(zip("abc", values, strict=True)))
    for i in range(3):
        for j in range(3):
            if np.ptp(values[i]) > 0 and np.ptp(values[j]) > 0:
                expected = stats.spearmanr(values[i], values[j]).statistic
                assert matrix[i, j] == pytest.approx(expected, abs=1e-12)
            else:
                assert math.isnan(matrix[i, j])


def test_kendalls_example() -> None:
    # Kendall, Rank Correlation Methods, 3rd edition, example 6.1: three rankings of six objects, S = 25.5
    # after ties; without ties W = 12 S / (m^2 (n^3 - n)).
    ranks = np.array([[5, 4, 1, 6, 3, 2], [2, 3, 1, 5, 6, 4], [4, 1, 6, 3, 2, 5]])
    spread = ((ranks.sum(axis=0) - ranks.sum(axis=0).mean()) ** 2).sum()
    by_hand = 12 * spread / (9 * (216 - 6))
    assert kendall_w({str(i): -row.astype(float) for i, row in enumerate(ranks)}) == pytest.approx(by_hand)


@given(hnp.arrays(np.float64, (4, 6), elements=st.integers(0, 3).map(float)))
@settings(deadline=None)
def test_with_ties_it_is_the_friedman_statistic(values: np.ndarray) -> None:
    w = kendall_w(dict(zip("abcd", values, strict=True)))
    if (np.ptp(values, axis=1) == 0).all():
        assert math.isnan(w)
        return
    chi2 = stats.friedmanchisquare(*values.T).statistic
    assert w == pytest.approx(chi2 / (4 * 5), abs=1e-9)


def test_concordance_needs_two_methods_and_two_features() -> None:
    assert math.isnan(kendall_w({"a": np.array([1.0, 2.0])}))
    assert math.isnan(kendall_w({"a": np.ones(1), "b": np.ones(1)}))
    assert kendall_w({"a": MEANS["a"], "b": MEANS["a"]}) == 1.0
    assert kendall_w({"a": MEANS["a"], "b": MEANS["b"]}) == 0.0


def test_a_feature_that_one_method_ranks_high_and_another_low() -> None:
    means = {
        "weights": np.array([0.5, 0.3, 0.1, 0.06, 0.04, 0.0]),
        "effect": np.array([0.5, 0.0, 0.3, 0.1, 0.06, 0.04]),
    }
    about = {"weights": Outlook(sees="large weights"), "effect": Outlook("losses", "what is cancelled")}
    table = disagreements(["a", "b", "c", "d", "e", "f"], means, 2, about)
    assert table.to_dict("records") == [
        {
            "feature": "b",
            "high": "weights",
            "low": "effect",
            "high_rank": 2,
            "low_rank": 6,
            "note": "b is number 2 of 6 for weights and number 6 for effect: "
            "weights sees large weights; effect is blind to what is cancelled.",
        }
    ]
    plain = disagreements(["a", "b", "c", "d", "e", "f"], means, 2)
    assert plain["note"][0] == "b is number 2 of 6 for weights and number 6 for effect."


def test_methods_that_agree_have_no_notes() -> None:
    table = disagreements(["a", "b", "c", "d"], {"a": MEANS["a"], "b": MEANS["a"]}, 1)
    assert len(table) == 0
    assert list(table.columns) == ["feature", "high", "low", "high_rank", "low_rank", "note"]
    assert len(disagreements(["a"], {"a": np.ones(1)}, 1)) == 0


def test_at_most_fifty_notes_the_widest_first() -> None:
    up = np.arange(400.0)
    table = disagreements([f"{i:03}" for i in range(400)], {"up": up, "down": up[::-1]}, 100)
    assert len(table) == 50
    assert (table["low_rank"] - table["high_rank"]).is_monotonic_decreasing
