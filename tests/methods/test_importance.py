"""Importance: what a method answers."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfeat.data.dataset import Dataset, Feature
from deepfeat.methods.importance import Importance, MethodError, direction, sum_columns

ONES = np.ones((3, 2))


def test_float32_and_integers_become_float64() -> None:
    answer = Importance(np.ones((3, 2), dtype=np.float32), sign=np.ones((3, 2), dtype=np.int8))
    assert answer.scores.dtype == np.float64
    assert answer.sign is not None
    assert answer.sign.dtype == np.float64
    answer.check(3, 2)


def test_a_full_answer_passes() -> None:
    Importance(
        ONES,
        sign=-ONES,
        per_class=np.ones((3, 5, 2)),
        effect=np.array([0.1, np.nan]),
        std_error=np.array([0.1, np.nan]),
        ci_low=np.array([-0.1, -0.4]),
        ci_high=np.array([0.3, 0.0]),
        p_value=np.array([0.0, 1.0]),
        q_value=np.array([0.0, 1.0]),
        selected=[True, False],
        scale="log odds ratio of yes per standard deviation",
        null_hypothesis="the feature has no effect",
        assumption="x is Gaussian",
        notes=("blind to even effects",),
    ).check(3, 2)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"scores": np.ones((2, 3))}, r"scores has shape \(2, 3\), expected \(3, 2\)"),
        ({"scores": np.ones(2)}, r"scores has shape \(2,\), expected \(3, 2\)"),
        ({"scores": np.array([["a", "b"]] * 3)}, "scores holds <U1, expected real numbers"),
        ({"scores": ONES + 1j}, "scores holds complex128"),
        (
            {"scores": np.array([[1, np.nan], [np.inf, 1], [1, 1]])},
            "scores has 2 of 6 values that are not fin",
        ),
        ({"per_class": np.ones((3, 2))}, r"per_class has shape \(3, 2\), expected \(3, any, 2\)"),
        ({"per_class": np.ones((3, 4, 3))}, r"expected \(3, any, 2\)"),
        ({"p_value": np.ones((3, 2))}, r"p_value has shape \(3, 2\), expected \(2\)"),
        ({"p_value": np.array([0.5, 1.5])}, "p_value lies outside 0 to 1"),
        ({"q_value": np.array([-0.5, 0.5])}, "q_value lies outside 0 to 1"),
        ({"p_value": np.array([0.5, 0.5])}, "p_value or selected comes without null_hypothesis"),
        ({"selected": np.array([True, False])}, "p_value or selected comes without null_hypothesis"),
        ({"selected": np.array([0.5, 1.0])}, r"selected holds float64 of shape \(2,\), expected bool"),
        ({"selected": np.array([True])}, r"of shape \(1,\), expected bool \(2\)"),
        ({"effect": np.array([0.5, np.inf])}, "effect has 1 of 2 values that are not finite"),
        ({"null_hypothesis": None}, "scale, null_hypothesis, assumption are texts"),
        ({"notes": ["a list"]}, "notes is not a tuple"),
    ],
)
def test_a_wrong_answer_is_refused_with_its_reason(fields: dict[str, object], reason: str) -> None:
    with pytest.raises(MethodError, match=reason):
        Importance(**{"scores": ONES, **fields}).check(3, 2)


@pytest.mark.parametrize("rows", [1, 7])
def test_repetitions_may_be_of_any_number(rows: int) -> None:
    Importance(np.ones((rows, 2)), sign=np.ones((rows, 2))).check(None, 2)


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        (np.ones((0, 2)), r"scores has shape \(0, 2\), expected \(1, 2\)"),
        (np.ones((7, 3)), r"expected \(7, 2\)"),
        (np.float64(1), r"scores has shape \(\)"),
    ],
)
def test_but_at_least_one_and_a_score_per_feature(scores: np.ndarray, reason: str) -> None:
    with pytest.raises(MethodError, match=reason):
        Importance(scores).check(None, 2)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(MethodError, match=r"scores has shape.*; effect has 1 of 2"):
        Importance(np.ones(3), effect=np.array([np.inf, 1])).check(3, 2)


@given(members=st.integers(1, 12), cuts=st.sets(st.integers(1, 11)))
def test_joining_the_parts_gives_the_whole(members: int, cuts: set[int]) -> None:
    rng = np.random.default_rng(0)
    whole = Importance(
        rng.normal(size=(members, 3)), per_class=rng.normal(size=(members, 2, 3)), notes=("a", "b")
    )
    edges = [0, *sorted(cut for cut in cuts if cut < members), members]
    parts = [
        Importance(whole.scores[low:high], per_class=whole.per_class[low:high], notes=("a", "b"))
        for low, high in pairwise(edges)
    ]
    assert Importance.join(parts).equals(whole)


def test_joining_keeps_each_note_once_and_in_order() -> None:
    joined = Importance.join([Importance(ONES, notes=("b", "a")), Importance(ONES, notes=("a", "c"))])
    assert joined.notes == ("b", "a", "c")


def test_parts_that_differ_in_their_fields_do_not_join() -> None:
    with pytest.raises(MethodError, match="sign was given for some members only"):
        Importance.join([Importance(ONES), Importance(ONES, sign=ONES)])


def test_estimates_per_feature_do_not_join() -> None:
    part = Importance(ONES, p_value=np.ones(2))
    assert Importance.join([part]) is part
    with pytest.raises(MethodError, match=r'p_value.*kind = "experiment"'):
        Importance.join([part, part])


def test_equality_is_bit_by_bit() -> None:
    assert Importance(ONES).equals(Importance(ONES.copy()))
    assert not Importance(ONES).equals(Importance(ONES + 1e-16 + 1e-15))
    assert not Importance(ONES).equals(Importance(ONES, sign=ONES))
    assert not Importance(ONES).equals(Importance(ONES, notes=("x",)))
    assert not Importance(np.zeros((1, 1))).equals(Importance(-np.zeros((1, 1))))


def test_columns_are_added_up_by_feature() -> None:
    data = Dataset(
        name="t",
        x=np.zeros((1, 6), dtype=np.float32),
        y=np.zeros((1, 1), dtype=np.float32),
        task="binary",
        features=(Feature("a", 0, 1), Feature("b", 1, 4, ("x", "y", "z")), Feature("c", 4, 6, ("u", "v"))),
        classes=("0", "1"),
        source_rows=np.ones(1, dtype=np.int64),
    )
    values = np.array([[1, 2, 3, 4, 5, 6], [0, 1, 0, 1, 0, 1]], dtype=np.float32)
    np.testing.assert_array_equal(sum_columns(values, data), [[1, 9, 11], [0, 2, 1]])
    assert sum_columns(values[:, None, :], data).shape == (2, 1, 3)


def test_scores_of_outputs_are_averaged() -> None:
    scores = np.arange(12.0).reshape(2, 3, 2)
    answer = Importance.by_output(scores, sign=np.sign(scores), notes=("n",))
    np.testing.assert_array_equal(answer.scores, scores.mean(axis=1))
    np.testing.assert_array_equal(answer.per_class, scores)
    np.testing.assert_array_equal(answer.class_sign, np.sign(scores))
    assert answer.sign is None
    assert answer.notes == ("n",)
    answer.check(2, 2)


def test_a_single_output_is_no_class() -> None:
    answer = Importance.by_output(ONES[:, None], sign=-ONES[:, None])
    np.testing.assert_array_equal(answer.scores, ONES)
    np.testing.assert_array_equal(answer.sign, -ONES)
    assert answer.per_class is None
    assert answer.class_sign is None
    assert Importance.by_output(ONES[:, None]).sign is None


def test_direction_is_the_share_that_does_not_cancel() -> None:
    data = Dataset(
        name="t",
        x=np.zeros((1, 5), dtype=np.float32),
        y=np.zeros((1, 1), dtype=np.float32),
        task="binary",
        features=(
            Feature("a", 0, 1),
            Feature("b", 1, 3, ("x", "y")),
            Feature("c", 3, 4),
            Feature("d", 4, 5),
        ),
        classes=("0", "1"),
        source_rows=np.ones(1, dtype=np.int64),
    )
    signed, absolute = np.array([[-1.0, 3.0, 0.0, 2.0]]), np.array([[2.0, 3.0, 0.0, 2.0]])
    np.testing.assert_array_equal(direction(signed, absolute, data), [[-0.5, 0.0, 0.0, 1.0]])
