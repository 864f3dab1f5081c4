"""Measures of wrongness: equal to scikit-learn's, for many versions of the answers at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, r2_score, roc_auc_score
from sklearn.metrics import log_loss as sklearn_log_loss

from deepfeat.data.dataset import Task
from deepfeat.methods import MethodError, measure
from deepfeat.methods.measures import auc_lost, log_loss, squared_error, variance_left

VERSIONS, ROWS, OUTPUTS = 4, 30, 3


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000), levels=st.sampled_from([3, 1000]))
def test_equal_to_scikit_learn(seed: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    # Few levels make ties.
    answers = (rng.integers(1, levels, size=(VERSIONS, ROWS, OUTPUTS)) / levels).astype(np.float32)
    target = rng.integers(2, size=(ROWS, OUTPUTS)).astype(np.float32)
    target[:2] = [[0], [1]]
    values = rng.normal(size=(ROWS, OUTPUTS)).astype(np.float32)
    for version in range(VERSIONS):
        for output in range(OUTPUTS):
            truth, given_ = target[:, output], answers[version, :, output].astype(np.float64)
            at = (version, output)
            np.testing.assert_allclose(log_loss(target, answers)[at], sklearn_log_loss(truth, given_))
            np.testing.assert_allclose(squared_error(target, answers)[at], brier_score_loss(truth, given_))
            np.testing.assert_allclose(auc_lost(target, answers)[at], 1 - roc_auc_score(truth, given_))
            np.testing.assert_allclose(
                variance_left(values, answers)[at], 1 - r2_score(values[:, output], given_), rtol=1e-5
            )


def test_certainty_in_the_wrong_is_not_infinitely_bad() -> None:
    lost = log_loss(np.array([[1.0]]), np.array([[0.0]], dtype=np.float32))
    assert np.isfinite(lost).all()
    assert lost[0] > 15


def test_what_the_rows_do_not_define_counts_as_no_loss() -> None:
    answers = np.array([[0.2], [0.7]], dtype=np.float32)
    assert auc_lost(np.ones((2, 1)), answers) == [0]
    assert variance_left(np.ones((2, 1)), answers) == [0]


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel", "regression"])
def test_auto_follows_the_task(task: Task) -> None:
    assert measure("auto", task) is (squared_error if task == "regression" else log_loss)


def test_a_measure_of_another_task_is_refused() -> None:
    with pytest.raises(
        MethodError, match=r"r2 .* binary task; use one of: auto, log_loss, squared_error, auc"
    ):
        measure("r2", "binary")
    with pytest.raises(MethodError, match=r"auc .* regression task; use one of: auto, squared_error, r2"):
        measure("auc", "regression")
