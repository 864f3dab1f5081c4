"""The ranking table."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from deepfeat.ranking.table import COLUMNS, build_ranking, method_columns

NAMES = ["age", "sex", "cp", "chol"]
FAST = {"resamples": 100}


@st.composite
def score_sets(draw: st.DrawFn) -> dict[str, np.ndarray]:
    """One to three methods that asked the same members about four features."""
    shape = (draw(st.integers(1, 6)), 4)
    # thousandths: sums differ clearly, or are the same
    elements = st.integers(-200, 1000).map(lambda value: value / 1000)
    methods = draw(st.sampled_from([["a"], ["a", "b"], ["c", "b", "a"]]))
    return {name: draw(hnp.arrays(np.float64, shape, elements=elements)) for name in methods}


def test_known_answer() -> None:
    gate = [[1.0, 0.0, 3.0, 0.0], [2.0, 2.0, 0.0, 0.0]]
    layer = [[0.0, 0.0, 5.0, 5.0], [0.0, 1.0, 0.0, 1.0]]
    table = build_ranking(NAMES, {"gate": gate, "layer": layer}, **FAST)
    assert list(table.columns) == [*COLUMNS, "gate", "layer"]
    assert method_columns(table) == ["gate", "layer"]
    # cp: gate (0.75 + 0) / 2, layer (0.5 + 0) / 2
    by_name = table.set_index("feature")
    assert by_name.loc["cp", ["importance", "gate", "layer"]].tolist() == [0.3125, 0.375, 0.25]
    # age 0.1875, chol 0.25, cp 0.3125, sex 0.25: chol before sex by name
    assert table["feature"].tolist() == ["cp", "chol", "sex", "age"]
    assert table["rank"].tolist() == [1, 2, 3, 4]
    assert table["importance"].sum() == pytest.approx(1.0)


def test_one_member_has_an_importance_but_no_interval() -> None:
    table = build_ranking(NAMES, {"m": [[1.0, 2.0, 3.0, 4.0]]}, **FAST)
    assert table["importance"].tolist() == [0.4, 0.3, 0.2, 0.1]
    assert table[["ci_low", "ci_high"]].isna().all(axis=None)


@given(score_sets(), st.permutations(range(4)), st.sampled_from(["mean", "mean_rank"]))
@settings(max_examples=50, deadline=None)
def test_permuting_features_changes_nothing(scores: dict, order: list[int], across: str) -> None:
    first = build_ranking(NAMES, scores, across=across, **FAST)
    moved = {name: values[:, order] for name, values in scores.items()}
    second = build_ranking([NAMES[index] for index in order], moved, across=across, **FAST)
    pd.testing.assert_frame_equal(first, second, check_exact=True)


@given(score_sets(), st.floats(0.01, 100.0))
@settings(max_examples=50, deadline=None)
def test_the_scale_of_one_member_changes_nothing_under_sum(scores: dict, factor: float) -> None:
    scaled = {name: values.copy() for name, values in scores.items()}
    for values in scaled.values():
        values[0] *= factor
    first, second = (
        build_ranking(NAMES, s, **FAST).set_index("feature").loc[NAMES] for s in (scores, scaled)
    )
    np.testing.assert_allclose(first["importance"], second["importance"], rtol=1e-9, atol=1e-12)


@given(score_sets(), st.sampled_from(["sum", "max", "rank", "none"]), st.sampled_from(["mean", "mean_rank"]))
@settings(max_examples=100, deadline=None)
def test_what_always_holds(scores: dict, normalisation: str, across: str) -> None:
    table = build_ranking(NAMES, scores, normalisation=normalisation, across=across, **FAST)
    assert table["rank"].tolist() == [1, 2, 3, 4]
    assert sorted(table["feature"]) == sorted(NAMES)
    assert (np.diff(table["importance"]) <= 0).all()
    ties = table.groupby("importance", sort=False)["feature"]
    assert all(names.is_monotonic_increasing for _, names in ties)
    if len(next(iter(scores.values()))) > 1:
        assert (table["ci_low"] <= table["importance"]).all()
        assert (table["importance"] <= table["ci_high"]).all()


@pytest.mark.parametrize(
    ("features", "scores", "message"),
    [
        ([], {"m": np.ones((1, 0))}, "no feature"),
        (["a", "a"], {"m": [[1.0, 2.0]]}, "same name"),
        (["a"], {}, "no method"),
        (["a"], {"rank": [[1.0]]}, "'rank'"),
        (["a", "b"], {"m": [[1.0]]}, r"m: scores must be \(members, 2\)"),
        (["a"], {"m": np.ones((0, 1))}, "no member is left"),
        (["a"], {"m": [[np.nan]]}, "finite"),
    ],
)
def test_what_cannot_be_ranked_is_refused(features: list, scores: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_ranking(features, scores)


def test_the_share_of_networks_is_that_of_the_methods_that_ask_them() -> None:
    members = np.array([[9.0, 1, 0, 0], [9.0, 1, 0, 0], [1.0, 9, 0, 0], [1.0, 9, 0, 0]])
    scores = {"gate": members, "forest": np.tile([0.0, 0, 0, 90], (3, 1)), "line": np.eye(4)[3:]}
    table = build_ranking(NAMES, scores, top_k=1, networks=["gate"], **FAST).set_index("feature")
    assert table["top_share"].to_dict() == {"age": 0.5, "sex": 0.5, "cp": 0, "chol": 0}
    assert table["rank"].idxmin() == "chol"
    assert build_ranking(NAMES, scores, networks=(), **FAST)["top_share"].isna().all()
