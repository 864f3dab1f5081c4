"""The cross-fit that inference rests on: who has seen what, and no dependence on the order of columns."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.data.derived import reordered
from deepfeat.methods import Context, CrossFit, CrossFitParams, MethodError
from deepfeat.methods.annotations import Ensemble, FitPlan
from deepfeat.testing.linear import LinearEnsembles
from deepfeat.testing.planted import planted

Make = Callable[..., CrossFit]
FITS = LinearEnsembles()


class Fits:
    """Fits linear models, and remembers what was asked for."""

    def __init__(self) -> None:
        self.plans: list[FitPlan] = []
        self.training: dict[str, object] = {}

    def __call__(self, plan: FitPlan, *, data: Dataset, training: dict[str, object], **_: object) -> Ensemble:
        self.plans.append(plan)
        self.training = training
        return FITS.refit(data, plan)


@pytest.fixture
def fits() -> Fits:
    return Fits()


@pytest.fixture
def make(tmp_path: Path, fits: Fits) -> Make:
    def made(data: Dataset, seed: int = 0, **params: object) -> CrossFit:
        context = Context(seed, "asking", tmp_path, fit=fits)
        return CrossFit.of(data, CrossFitParams(**params), context)

    return made


def test_every_row_is_answered_by_networks_that_have_not_seen_it(make: Make, fits: Fits) -> None:
    crossfit = make(planted().dataset(), folds=4, networks=3)
    crossfit.with_all()
    (plan,) = fits.plans
    assert len(plan) == 12
    answered = np.concatenate([split.held_out for split in plan.splits])
    np.testing.assert_array_equal(np.bincount(answered), 3)
    for split in plan.splits:
        parts = [split.train, split.valid, split.held_out]
        assert len(np.unique(np.concatenate(parts))) == sum(map(len, parts)) == 240


def test_with_and_without_a_feature_differ_in_nothing_else(make: Make, fits: Fits) -> None:
    crossfit = make(planted().dataset(), networks=2)
    crossfit.with_all()
    crossfit.answers_without([(0,), (3, 4)])
    whole, without = fits.plans
    assert whole.seeds * 2 == without.seeds
    for first, second in zip(whole.splits * 2, without.splits, strict=True):
        for part in ("train", "valid", "held_out"):
            np.testing.assert_array_equal(getattr(first, part), getattr(second, part))
    np.testing.assert_array_equal(without.mask[:10], ~np.eye(6, dtype=bool)[[0]] * np.ones((10, 1), bool))
    np.testing.assert_array_equal(without.mask[10:].sum(axis=1), 4)
    assert whole.name != without.name


def test_answers_are_means_over_the_networks_of_a_fold(make: Make) -> None:
    crossfit = make(planted(task="regression").dataset(), networks=2)
    ensemble = crossfit.with_all()
    found = crossfit.answers_with_all(ensemble)
    every = ensemble.predict(crossfit.data.x)
    for row in (0, 100, 239):
        own = [m for m, split in enumerate(ensemble.plan.splits) if row in split.held_out]
        assert len(own) == 2
        np.testing.assert_allclose(found[row], every[own, row].mean(axis=0), rtol=1e-6)


def test_replaced_values_give_the_losses_of_the_changed_table(make: Make) -> None:
    crossfit = make(planted(category=True).dataset(), networks=2)
    ensemble = crossfit.with_all()
    tables = [crossfit.x[::-1].copy(), np.roll(crossfit.x, 7, axis=0)]
    found = crossfit.losses_with(ensemble, tables, np.array([1, 4]))
    for place, feature in enumerate((1, 4)):
        for number, table in enumerate(tables):
            changed = crossfit.x.copy()
            changed[:, crossfit.columns(feature)] = table[:, crossfit.columns(feature)]
            altered = replace(crossfit, data=replace(crossfit.data, x=changed))
            expected = altered.losses(altered.answers_with_all(ensemble))
            np.testing.assert_allclose(found[place, number], expected, rtol=1e-3, atol=1e-5)
    before = crossfit.losses(crossfit.answers_with_all(ensemble))
    rise = crossfit.rise_with(ensemble, tables, np.array([1, 4]))
    np.testing.assert_allclose(rise, found.mean(axis=1) - before, atol=1e-9)


def test_few_bytes_change_nothing(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    crossfit = make(planted().dataset())
    ensemble = crossfit.with_all()
    tables = [np.roll(crossfit.x, shift, axis=0) for shift in range(1, 5)]
    features = np.arange(6)

    def both() -> tuple[np.ndarray, np.ndarray]:
        return crossfit.rise_with(ensemble, tables, features), crossfit.answers_with_all(ensemble)

    whole = both()
    monkeypatch.setattr("deepfeat.methods.crossfit.ANSWER_BYTES", 1)
    monkeypatch.setattr("deepfeat.methods.crossfit.ROW_BYTES", 1)
    for first, second in zip(whole, both(), strict=True):
        np.testing.assert_allclose(first, second, atol=1e-12)


def test_the_order_of_columns_changes_no_bit(make: Make) -> None:
    data = planted(category=True).dataset()
    straight, turned = make(data), make(reordered(data, np.array([3, 1, 5, 0, 2, 4])))
    assert straight.data.sha256 == turned.data.sha256
    np.testing.assert_array_equal(turned.order, [3, 1, 4, 0, 5, 2])
    for crossfit in (straight, turned):
        assert crossfit.data.feature_names == tuple(f"feature {j}" for j in range(6))
    np.testing.assert_array_equal(*(crossfit.answers_without([(1,)]) for crossfit in (straight, turned)))


def test_without_any_feature_the_answer_is_the_mean_of_the_others_rows(make: Make) -> None:
    crossfit = make(planted(task="regression", features=1, position=0).dataset())
    answers = crossfit.answers_without([(0,)])
    for fold in range(5):
        outside = crossfit.data.y[crossfit.fold != fold].mean()
        np.testing.assert_allclose(answers[0, crossfit.fold == fold], outside, rtol=1e-6)


@pytest.mark.parametrize(
    ("task", "loss"),
    [("regression", "squared_error"), ("binary", "cross_entropy"), ("multiclass", "cross_entropy")],
)
def test_networks_estimate_the_expected_target(make: Make, fits: Fits, task: str, loss: str) -> None:
    make(planted(task=task).dataset()).with_all()
    assert fits.training["loss"] == loss
    assert fits.training["class_weight"] == "none"


def test_screening_takes_rows_that_are_not_tested(make: Make, fits: Fits) -> None:
    crossfit = make(planted(features=8, position=5, rows=400).dataset(), screen=3)
    assert 5 in crossfit.tested
    assert len(crossfit.tested) == 3
    assert len(crossfit.questions) == 3
    screening = np.flatnonzero(crossfit.fold < 0)
    assert len(screening) == 120
    crossfit.with_all()
    for split in fits.plans[0].splits:
        assert not np.isin(screening, split.held_out).any()
        assert np.isin(screening, np.concatenate([split.train, split.valid])).all()


def test_groups_stay_together(make: Make) -> None:
    data = replace(planted().dataset(), groups=np.arange(240) // 4)
    crossfit = make(data)
    for group in range(60):
        assert len(np.unique(crossfit.fold[data.groups == group])) == 1


def test_too_few_rows_are_refused(make: Make) -> None:
    with pytest.raises(MethodError, match="set fewer folds for asking"):
        make(planted(rows=9).dataset())
    with pytest.raises(MethodError, match="groups of rows"):
        make(replace(planted().dataset(), groups=np.arange(240) // 40))


def test_clusters_are_asked_about_together(make: Make) -> None:
    data = planted().dataset()
    x = data.x.copy()
    x[:, 4] = x[:, 2] + 0.1 * x[:, 4]
    crossfit = make(replace(data, x=x))
    assert crossfit.clusters == [(2, 4)]
    assert crossfit.questions == [(0,), (1,), (2,), (3,), (4,), (5,), (2, 4)]
    both = crossfit.unexplained([(2, 4), (4,)])
    assert [left.shape[1] for left in both] == [2, 1]
    assert both[0].std(axis=0).min() > 5 * both[1].std()
    assert crossfit.largest_correlation() > 0.9


def test_one_level_of_a_category_follows_from_the_others(make: Make) -> None:
    crossfit = make(planted(category=True).dataset())
    assert [left.shape for left in crossfit.unexplained([(0,), (1, 2)])] == [(240, 2), (240, 4)]
    assert crossfit.model_of_x().families == ("category",) * 6
