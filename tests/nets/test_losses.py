"""The losses: known answers, the stock ones of Keras, and rows that do not exist."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfeat.nets.losses import BatchLoss, Head, LossName, loss_function, probabilities

LOSSES: tuple[LossName, ...] = ("soft_f1", "cross_entropy", "squared_error")
KINDS: list[tuple[LossName, Head]] = [
    ("soft_f1", "sigmoid"),
    ("soft_f1", "softmax"),
    ("cross_entropy", "sigmoid"),
    ("cross_entropy", "softmax"),
    ("squared_error", "sigmoid"),
    ("squared_error", "softmax"),
    ("squared_error", "linear"),
]


def sample(head: Head, *shape: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Targets and logits of the given shape, whose last axis is the outputs."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=shape).astype(np.float32) * 2
    if head == "softmax":
        target = np.eye(shape[-1])[generator.integers(shape[-1], size=shape[:-1])]
    elif head == "sigmoid":
        target = generator.integers(2, size=shape)
    else:
        target = generator.normal(size=shape)
    return target.astype(np.float32), logits


def loss(name: LossName, head: Head, target: Any, logits: Any, weight: Any = None) -> np.ndarray:  # noqa: ANN401
    ones = np.ones(np.shape(logits)[:-1], dtype=np.float32)
    return np.asarray(loss_function(name, head)(target, logits, ones if weight is None else weight))


def test_soft_f1_of_the_right_answer_is_zero_and_of_the_opposite_one_per_label() -> None:
    target = np.array([[1, 0], [0, 1], [1, 1], [0, 0]], dtype=np.float32)
    sure = (target * 2 - 1) * 100
    assert loss("soft_f1", "sigmoid", target, sure) == pytest.approx(0, abs=1e-6)
    assert loss("soft_f1", "sigmoid", target, -sure) == pytest.approx(2, abs=1e-6)


def test_soft_f1_is_the_published_formula() -> None:
    target, logits = sample("sigmoid", 40, 5)
    y, p = target.astype(np.float64), 1 / (1 + np.exp(-logits.astype(np.float64)))

    def f1(y: np.ndarray, p: np.ndarray) -> np.ndarray:
        tp, fp, fn = (y * p).sum(0), ((1 - y) * p).sum(0), (y * (1 - p)).sum(0)
        return 2 * tp / (2 * tp + fn + fp + 1e-16)

    expected = (1 - (f1(y, p) + f1(1 - y, 1 - p)) / 2).sum()
    assert loss("soft_f1", "sigmoid", target, logits) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_soft_f1_of_a_batch_of_one_class_is_finite_with_finite_derivatives(label: float) -> None:
    target = tf.fill((16, 1), label)
    for size in (0.0, 3.0, 100.0):
        logits = tf.constant(np.linspace(-size, size, 16, dtype=np.float32)[:, None])
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = loss_function("soft_f1", "sigmoid")(target, logits, tf.ones(16))
        assert np.isfinite(value)
        assert np.isfinite(tape.gradient(value, logits)).all()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("name", "head", "stock"),
    [
        ("cross_entropy", "sigmoid", keras.losses.BinaryCrossentropy(from_logits=True)),
        ("cross_entropy", "softmax", keras.losses.CategoricalCrossentropy(from_logits=True)),
        ("squared_error", "linear", keras.losses.MeanSquaredError()),
    ],
)
def test_means_over_rows_are_those_of_keras(
    name: LossName, head: Head, stock: keras.losses.Loss, *, weighted: bool
) -> None:
    target, logits = sample(head, 30, 3)
    weight = np.random.default_rng(1).uniform(0.5, 2, size=30).astype(np.float32) if weighted else None
    expected = float(stock(target, logits, sample_weight=weight))
    assert loss(name, head, target, logits, weight) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("name", "head"), KINDS)
@given(
    rows=st.integers(1, 20), padding=st.integers(0, 16), outputs=st.integers(2, 4), seed=st.integers(0, 99)
)
@settings(max_examples=10, deadline=None)
def test_a_row_of_weight_zero_does_not_exist(
    name: LossName, head: Head, rows: int, padding: int, outputs: int, seed: int
) -> None:
    target, logits = sample(head, rows + padding, outputs, seed=seed)
    weight = np.repeat(np.array([1, 0], dtype=np.float32), [rows, padding])
    padded = loss(name, head, target, logits, weight)
    np.testing.assert_allclose(padded, loss(name, head, target[:rows], logits[:rows]), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("name", "head"), KINDS)
@given(members=st.integers(1, 4), rows=st.integers(1, 20), outputs=st.integers(2, 4), seed=st.integers(0, 99))
@settings(max_examples=10, deadline=None)
def test_a_stack_is_every_member_by_itself(
    name: LossName, head: Head, members: int, rows: int, outputs: int, seed: int
) -> None:
    target, logits = sample(head, members, rows, outputs, seed=seed)
    together = loss(name, head, target, logits)
    assert together.shape == (members,)
    alone = [loss(name, head, target[i], logits[i]) for i in range(members)]
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-6)


def test_answers_are_probabilities_or_values() -> None:
    logits = np.array([[0.0, 0.0], [-1.0, 1.0]], dtype=np.float32)
    np.testing.assert_allclose(np.asarray(probabilities(logits, "sigmoid"))[0], [0.5, 0.5])
    np.testing.assert_allclose(np.asarray(probabilities(logits, "softmax")).sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(np.asarray(probabilities(logits, "linear")), logits)


@pytest.mark.parametrize("name", LOSSES)
def test_as_a_loss_of_keras_it_survives_its_config(name: LossName) -> None:
    target, logits = sample("sigmoid", 12, 2)
    first = BatchLoss(name, "sigmoid")
    again = BatchLoss.from_config(first.get_config())
    assert float(first(target, logits)) == pytest.approx(
        float(loss(name, "sigmoid", target, logits)), rel=1e-5
    )
    assert float(again(target, logits)) == float(first(target, logits))
