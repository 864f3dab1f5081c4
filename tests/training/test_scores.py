"""Held-out scores of one member."""

import numpy as np
import pytest

from deepfeat.training.scores import held_out_scores, score_names


def labels(*codes: int) -> np.ndarray:
    return np.array(codes, dtype=np.float32)[:, None]


def test_a_binary_task_is_decided_at_one_half_and_ranked() -> None:
    scores = held_out_scores("binary", labels(0, 0, 1, 1, 1), np.array([[0.1], [0.6], [0.5], [0.4], [0.9]]))
    assert scores == pytest.approx({"auc": 4 / 6, "f1": 2 / 3, "precision": 2 / 3, "recall": 2 / 3})


def test_of_several_classes_the_likeliest_is_decided() -> None:
    truth = np.eye(3, dtype=np.float32)
    assert held_out_scores("multiclass", truth, truth * 0.1 + 0.3) == {
        "auc": 1,
        "f1": 1,
        "precision": 1,
        "recall": 1,
    }


def test_labels_are_scored_by_themselves_and_averaged() -> None:
    truth = np.array([[1, 0], [0, 1], [1, 1], [0, 0]], dtype=np.float32)
    predicted = np.stack([truth[:, 0], 1 - truth[:, 1]], axis=1)
    assert held_out_scores("multilabel", truth, predicted) == {
        "auc": 0.5,
        "f1": 0.5,
        "precision": 0.5,
        "recall": 0.5,
    }


def test_a_class_that_does_not_occur_is_left_out() -> None:
    truth = np.eye(3, dtype=np.float32)[[0, 1, 0, 1]]
    predicted = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.8, 0.1, 0.1], [0.1, 0.1, 0.8]])
    scores = held_out_scores("multiclass", truth, predicted)
    assert scores["recall"] == pytest.approx(0.75)
    assert scores["precision"] == 1


@pytest.mark.parametrize("code", [0, 1])
def test_one_class_alone_cannot_be_ranked(code: int) -> None:
    scores = held_out_scores("binary", labels(code, code), np.array([[0.9], [0.8]]))
    assert np.isnan(scores["auc"])
    assert scores["f1"] == code


def test_values_are_scored_by_explained_variance() -> None:
    truth = labels(1, 2, 3)
    assert held_out_scores("regression", truth, truth) == {"r2": 1}
    assert held_out_scores("regression", truth, np.full((3, 1), 2.0)) == {"r2": 0}


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_one_row_says_nothing(task: str) -> None:
    scores = held_out_scores(task, labels(1), np.array([[0.9]]))
    assert tuple(scores) == score_names(task)
    assert all(np.isnan(score) for score in scores.values())
