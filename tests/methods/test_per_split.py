"""Other models on the networks' rows: what they may look at, and what not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.data.splits import Split
from deepfeat.methods import Context, MethodError
from deepfeat.methods.per_split import (
    CV_FOLDS,
    LinearYardstick,
    LinearYardstickParams,
    Lines,
    Share,
    shares,
    used_splits,
)
from deepfeat.testing.linear import LinearEnsemble
from deepfeat.testing.planted import planted

RNG = np.random.default_rng


class Given(LinearYardstick):
    """Answers with coefficients that are given."""

    name = "given"

    def __init__(self, coefficients: np.ndarray) -> None:
        super().__init__(LinearYardstickParams(splits=1))
        self.coefficients = coefficients

    def values(self, x: np.ndarray, y: np.ndarray, share: Share) -> Lines:
        del x, y, share
        return Lines(self.coefficients, np.zeros(1))

    def labels(self, x: np.ndarray, labels: np.ndarray, share: Share) -> Lines:
        del x, labels, share
        return Lines(self.coefficients, np.zeros(len(self.coefficients)))


def _share(data: Dataset, train: np.ndarray, used: np.ndarray | None = None) -> Share:
    every = np.ones(data.n_features, dtype=bool)
    rest = np.setdiff1d(np.arange(data.n_rows), train)
    return Share(data, data.y, every if used is None else used, train, rest, rest, RNG(0))


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(0, "yardstick", tmp_path)


def test_scales_come_from_the_training_rows_alone(data: Dataset) -> None:
    share = _share(data, np.arange(100))
    scaled = share.standardised(share.train)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(scaled.std(axis=0), 1)
    changed = replace(data, x=np.concatenate([data.x[:100], 9 * data.x[100:]]))
    np.testing.assert_array_equal(_share(changed, np.arange(100)).standardised(share.train), scaled)


def test_columns_without_spread_or_permission_are_nothing(data: Dataset) -> None:
    x = data.x.copy()
    x[:, 2] = 1e6
    used = np.array([True, False, True, True, True, True])
    scaled = _share(replace(data, x=x), np.arange(100), used).standardised(np.arange(200))
    assert (scaled[:, [1, 2]] == 0).all()
    assert (scaled[:, [0, 3, 4, 5]] != 0).any(axis=0).all()


def test_groups_stay_together_in_cross_validation(data: Dataset) -> None:
    grouped = replace(data, groups=np.arange(data.n_rows) // 7)
    share = _share(grouped, np.arange(150))
    judged = np.zeros(150, dtype=int)
    for fit, judge in share.cv():
        assert not set(grouped.groups[share.train[fit]]) & set(grouped.groups[share.train[judge]])
        judged[judge] += 1
    assert (judged == 1).all()


def test_copies_of_a_row_that_a_bootstrap_drew_stay_together(data: Dataset) -> None:
    drawn = np.sort(RNG(1).integers(100, size=100))
    for fit, judge in _share(data, drawn).cv():
        assert not set(drawn[fit]) & set(drawn[judge])


def test_every_fold_has_every_class(data: Dataset) -> None:
    share = _share(data, np.arange(100))
    (labels,) = share.labels(share.train)
    parts = share.cv(labels)
    assert len(parts) == CV_FOLDS
    assert all(len(np.unique(labels[part])) == 2 for pair in parts for part in pair)


def test_a_class_of_too_few_rows_is_an_error_with_advice(data: Dataset) -> None:
    labels = np.zeros(100, dtype=np.int64)
    labels[:1] = 1
    with pytest.raises(MethodError, match=r"too few training rows for cross-validation.*give more rows"):
        _share(data, np.arange(100)).cv(labels)


def test_only_the_first_splits_are_used_and_that_is_said(data: Dataset, context: Context) -> None:
    ensemble = LinearEnsemble.fit(data, 4)
    taken = list(shares(ensemble, data, context, 3))
    assert len(taken) == 3
    for share, split in zip(taken, ensemble.plan.splits, strict=False):
        np.testing.assert_array_equal(share.train, split.train)
        np.testing.assert_array_equal(share.held_out, split.held_out)
    assert used_splits(ensemble, 3) == ("Fitted on the splits of the first 3 of 4 networks.",)
    assert used_splits(ensemble, 4) == ()


def test_targets_of_the_networks_own_are_used(data: Dataset, context: Context) -> None:
    ensemble = LinearEnsemble.fit(data, 2)
    own = np.stack([1 - data.y, data.y])
    first, second = shares(replace(ensemble, plan=replace(ensemble.plan, targets=own)), data, context, 2)
    np.testing.assert_array_equal(first.target, 1 - data.y)
    np.testing.assert_array_equal(second.target, data.y)


def test_coefficients_become_scores_of_features(context: Context) -> None:
    data = planted(category=True, features=2, position=0).dataset()
    ensemble = LinearEnsemble.fit(data, 1)
    answer = Given(np.array([[1.0, -2.0, 0.5, 0.0, 0.0, -0.25]])).explain(ensemble, data, context)
    np.testing.assert_array_equal(answer.scores, [[3.5, 0.25]])
    np.testing.assert_array_equal(answer.sign, [[0, 0]], "a category has no direction")


def test_a_label_that_never_varies_says_nothing(data: Dataset, context: Context) -> None:
    y = np.concatenate([np.zeros_like(data.y), data.y], axis=1)
    labels = replace(data, y=y, task="multilabel", classes=("never", "sometimes"))
    split = Split(np.arange(100), np.arange(100, 150), np.arange(150, 240))
    ensemble = LinearEnsemble.fit(labels, 1)
    ensemble = replace(ensemble, plan=replace(ensemble.plan, splits=(split,)))
    answer = Given(np.ones((1, data.n_columns))).explain(ensemble, labels, context)
    np.testing.assert_array_equal(answer.per_class[0], [[0] * 6, [1] * 6])
    assert answer.predictions is not None
    assert np.isnan(answer.predictions[:100]).all(), "learned from"
    np.testing.assert_array_equal(answer.predictions[100:, 0], 0)
    assert np.all((answer.predictions[100:, 1] > 0) & (answer.predictions[100:, 1] < 1))
