"""Losses of single rows."""

import numpy as np

from deepfeat.inference.losses import row_losses


def test_values_have_squared_errors() -> None:
    target, answers = np.array([[1.0], [2.0]]), np.array([[[1.5], [0.0]], [[1.0], [2.0]]])
    np.testing.assert_allclose(row_losses(target, answers, labels="none"), [[0.25, 4.0], [0.0, 0.0]])


def test_classes_are_charged_for_the_true_one_alone() -> None:
    target = np.array([[0, 1, 0], [1, 0, 0]])
    answers = np.array([[0.7, 0.2, 0.1], [0.5, 0.4, 0.1]])
    np.testing.assert_allclose(row_losses(target, answers, labels="one"), -np.log([0.2, 0.5]))


def test_labels_are_charged_one_by_one() -> None:
    target, answers = np.array([[1, 0]]), np.array([[0.8, 0.4]])
    np.testing.assert_allclose(row_losses(target, answers, labels="many"), [-np.log(0.8) - np.log(0.6)])


def test_certainty_that_is_wrong_costs_a_finite_amount() -> None:
    for labels, target, answers in (("many", [[1.0]], [[0.0]]), ("one", [[1.0, 0.0]], [[0.0, 1.0]])):
        assert np.isfinite(row_losses(np.array(target), np.array(answers), labels=labels)).all()
