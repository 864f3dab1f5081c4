"""What methods that train again have in common."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deepfeat.data.dataset import Dataset
from deepfeat.methods import Context, MethodError
from deepfeat.methods.annotations import Ensemble
from deepfeat.methods.measures import log_loss, squared_error
from deepfeat.methods.retraining import (
    RetrainingParams,
    network_losses,
    only_rows,
    refuse_too_many,
    retrained_losses,
    screened,
)
from deepfeat.testing.linear import LinearEnsemble, LinearEnsembles
from deepfeat.testing.planted import planted


def test_the_loss_follows_the_task() -> None:
    assert RetrainingParams().loss("binary") is log_loss
    assert RetrainingParams().loss("regression") is squared_error
    assert RetrainingParams(score="squared_error").loss("binary") is squared_error
    with pytest.raises(MethodError, match="log_loss is not defined for a regression"):
        RetrainingParams(score="log_loss").loss("regression")


def test_only_what_was_chosen_differs_from_the_experiment() -> None:
    assert RetrainingParams().training == {}
    assert RetrainingParams(patience=30).training == {"patience": 30}


def test_too_many_networks_are_refused_with_the_estimate(data: Dataset) -> None:
    ensemble = LinearEnsemble.fit(data, 1)
    refuse_too_many(20_000, RetrainingParams(), ensemble)
    message = r"this may train 20,001 linear models, and most_fits is 20,000; set screen: 50"
    with pytest.raises(MethodError, match=message):
        refuse_too_many(20_001, RetrainingParams(), ensemble)


def test_losses_of_values_are_those_of_the_answers() -> None:
    data = planted(task="regression").dataset()
    ensemble = LinearEnsemble.fit(data, 3)
    answers = ensemble.predict(data.x)
    for member, losses in enumerate(network_losses(ensemble, data, RetrainingParams())):
        split = ensemble.plan.splits[member]
        for found, rows in ((losses.valid, split.valid), (losses.held_out, split.held_out)):
            np.testing.assert_allclose(found, (answers[member, rows, 0] - data.y[rows, 0]) ** 2, rtol=1e-4)
        assert losses.unseen == losses.held_out.mean()


@pytest.mark.parametrize("score", ["log_loss", "squared_error"])
def test_being_too_sure_costs_nothing_and_knowing_nothing_no_less_than_the_mean(score: str) -> None:
    data = planted(rows=1200).dataset()
    ensemble = LinearEnsemble.fit(data, 2)
    params = RetrainingParams(score=score)
    known = network_losses(ensemble, data, params)
    sure = replace(ensemble, kernels=ensemble.kernels * 30, biases=ensemble.biases * 30)
    for before, after in zip(known, network_losses(sure, data, params), strict=True):
        np.testing.assert_allclose(before.held_out, after.held_out, atol=1e-4)
    noise = replace(data, y=np.random.default_rng(0).permutation(data.y))
    ignorant = network_losses(LinearEnsemble.fit(noise, 4), noise, params)
    # A fair coin: 0.693 and 0.25; four networks on 300 rows each leave two percent to chance.
    expected = {"log_loss": np.log(2), "squared_error": 0.25}[score]
    assert np.mean([own.unseen for own in ignorant]) == pytest.approx(expected, rel=0.02)
    assert known[0].unseen < 0.6 * expected


def test_classes_with_a_sigmoid_each_are_judged_by_their_own_logits() -> None:
    """What moves the logits of all classes alike is news to a sigmoid, and none to a softmax."""
    data = planted(task="multiclass", rows=1200).dataset()
    ensemble = LinearEnsemble.fit(data, 2)
    kernels = ensemble.kernels.copy()
    kernels[:, 4] += 30.0
    for head, same in (("softmax", True), ("sigmoid", False)):
        plain, moved = (
            network_losses(replace(ensemble, kernels=weights, head=head), data, RetrainingParams())
            for weights in (ensemble.kernels, kernels)
        )
        for before, after in zip(plain, moved, strict=True):
            assert np.allclose(before.held_out, after.held_out, atol=1e-3) == same


def test_targets_of_their_own_are_what_networks_are_judged_by(data: Dataset) -> None:
    ensemble = LinearEnsemble.fit(data, 2)
    own = np.stack([data.y, 1 - data.y])
    turned = LinearEnsemble.refit(data, replace(ensemble.plan, targets=own))
    first, second = network_losses(turned, data, RetrainingParams())
    assert first.unseen < 0.5
    assert second.unseen < 0.5


def test_without_held_out_rows_validation_rows_judge(data: Dataset) -> None:
    ensemble = LinearEnsemble.fit(data, 1)
    split = ensemble.plan.splits[0]
    nothing = replace(split, held_out=split.held_out[:0])
    (losses,) = network_losses(
        replace(ensemble, plan=replace(ensemble.plan, splits=(nothing,))), data, RetrainingParams()
    )
    assert losses.unseen == losses.valid.mean()


def test_a_plan_keeps_only_the_named_rows(data: Dataset) -> None:
    plan = LinearEnsemble.fit(data, 2).plan
    few = only_rows(plan, np.arange(0, 240, 2), 240)
    for before, after in zip(plan.splits, few.splits, strict=True):
        assert after.train.tolist() == [row for row in before.train if row % 2 == 0]
        assert after.held_out.tolist() == [row for row in before.held_out if row % 2 == 0]


def test_a_network_without_features_is_not_trained_and_a_failed_one_has_no_loss(
    data: Dataset, tmp_path: Path
) -> None:
    ensemble = LinearEnsemble.fit(data, 3)
    mask = ensemble.plan.mask.copy()
    mask[1] = False
    asked = []

    class OneFailed(LinearEnsemble):
        @property
        def succeeded(self) -> np.ndarray:
            return np.array([0])

    def fit(plan: object, **how: object) -> Ensemble:
        asked.append((len(plan), how))
        fitted = LinearEnsembles().refit(data, plan)
        return OneFailed(**{name: getattr(fitted, name) for name in fitted.__dataclass_fields__})

    context = Context(0, "m", tmp_path, fit=fit)
    params = RetrainingParams(epochs=7)
    losses = retrained_losses(context, data, replace(ensemble.plan, mask=mask), params)
    assert asked == [(2, {"training": {"epochs": 7}})]
    (first,) = network_losses(ensemble.select([0]), data, params)
    np.testing.assert_array_equal(losses[0].held_out, first.held_out)
    split = ensemble.plan.splits[1]
    share = data.y[split.train].mean()
    expected = -np.log(np.where(data.y[split.held_out, 0] == 1, share, 1 - share))
    np.testing.assert_allclose(losses[1].held_out, expected, rtol=1e-6)
    assert np.isnan(losses[2].valid).all()
    assert np.isnan(losses[2].unseen)


def test_screening_is_asked_for(data: Dataset, tmp_path: Path) -> None:
    context = Context(0, "m", tmp_path)
    assert screened(data, RetrainingParams(), context).kept.all()
    chosen = screened(data, RetrainingParams(screen=2, screen_share=0.5), context)
    assert chosen.kept.sum() == 2
    assert len(chosen.rows) == 120
